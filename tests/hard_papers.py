"""Papers that are hard to set in a mail, by what is hard about them."""

import json
from dataclasses import dataclass

from newsletter.reasons import Kind, Why
from papers.sources.sample import CATALOGUE
from papers.text import readable

UNBROKEN = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"


@dataclass(frozen=True)
class HardPaper:
    """What is told of a paper, what an editor said, and why it is picked; without `why`, for one of the usual reasons.

    One without `attention` gained nothing; one without `has_id` is known by its title alone.
    """

    title: str
    authors: tuple[str, ...] = ("Ada Lovelace", "Alan Turing")
    summary: str = "A short summary of what was done, and of what came of it."
    abstract: str = ""
    github_url: str = ""
    attention: bool = True
    has_id: bool = True
    note: str = ""
    is_pinned: bool = False
    why: tuple[Why, ...] = ()


def _catalogue(count: int) -> tuple[HardPaper, ...]:
    """The first papers of the bundled catalogue: what most digests are made of."""
    rows = [json.loads(line) for line in CATALOGUE.read_text(encoding="utf-8").splitlines()[:count]]
    return tuple(
        HardPaper(row["title"], tuple(row["authors"]), row["summary"], github_url=row["github_url"]) for row in rows
    )


def _with_long_words(paper: HardPaper) -> HardPaper:
    """The same with a summary as long as a digest shows any."""
    summary = f"{paper.summary} {'Internationalisation notwithstanding, characterisations generalise. ' * 12}"
    return HardPaper(
        f"{paper.title} Reconsidered", paper.authors, summary, github_url="https://github.com/example/reconsidered"
    )


# In raw form, as a source gives it; shown once converted, once as it stays when it cannot be.
_LATEX = (
    (
        r"$\mathcal{O}(n \log n)$ Attention: $\ell_2$-Norms, $\alpha^{-1}$ and $\mathbb{E}_{x \sim p_\theta}[f(x)]$",
        (
            r"We show that $\sum_{i=1}^{N} \frac{\partial \mathcal{L}}{\partial \theta_i} \leq \epsilon \cdot "
            r"\|\nabla f(x)\|_2^2$ for all $x \in \mathbb{R}^{d \times d}$, hence {\em linear} time at 95\% recall."
        ),
    ),
    (
        r"\textsc{Mamba}\textsuperscript{2}: \emph{State} Spaces for $p(y \mid x) \propto e^{-\beta E(x, y)}$",
        (
            r"\textbf{Results.} On \texttt{GSM8K} we gain $+3.2\,\%$ ($p<0.05$): \$4; see \cite{vaswani2017} and "
            r"Eq.~(\ref{eq:loss}). \begin{equation} \hat{y} = \arg\max_y \; p_\theta(y \mid x) \end{equation}"
        ),
    ),
    (
        r"Schr\"odinger Bridges in the Wasserstein Space $W_2(\mu, \nu)$ \`a la Fr\'echet: $\tilde{O}(\sqrt{T})$",
        (
            r"Let $\mu_0, \mu_1 \in \mathcal{P}_2(\mathbb{R}^d)$ and $$\inf_{\pi} \int \|x-y\|^2 \, d\pi < \infty.$$ "
            r"Unclosed $\frac{1}{2 and \unknown{command} stay as they are."
        ),
    ),
)

_MARKUP = (
    ("<think> Less, Answer More: When x<y && y>z Is Not Enough", "If a<b and b<c then a<c; <b>no</b> <i>tag</i> here."),
    ("<script>alert('no')</script> as a Benchmark for \"Safe\" Agents", "<<<" * 40 + " & " + ">>>" * 40),
    ("&amp; &lt;already&gt; &quot;escaped&quot; &#39;twice&#39; &nbsp;", "&amp;amp; is what &amp; becomes, then &amp;"),
    ("</mj-text></mj-column><mj-raw><img src=x onerror=alert(1)></mj-raw>", "<!-- a comment --> <![CDATA[ data ]]>"),
    ("{{ edition }} {% include 'base.html' %} <!--cut--> ]]> =3D =?utf-8?q?x?=", "<p>A paragraph</p><br/>" * 12),
    ("“Quotes” 'single' \"double\" `backticks` <a href='https://example.org/'>here</a>", "i<j<k<l<m<n<o<p " * 15),
)

_LONG_TITLE = "On the Unreasonable Length of Titles in Machine Learning: A Survey, a Benchmark, a Taxonomy, a Plea and "

_ARABIC = (
    (
        "نماذج لغوية كبيرة متعددة اللغات: التعلّم المعزَّز من ملاحظات القرّاء (RLHF) على مجموعة بيانات ArabicMMLU-2",
        "نقدّم طريقة جديدة لتقليل زمن الاستدلال بنسبة 42٪ دون فقدان الدقّة، ونقارنها مع GPT-4 وLlama-3 على 12 مهمة.",
    ),
    ("مقالة قصيرة", "ملخّص (مع أقواس) و«علامات تنصيص» و https://example.org/a?b=c في السطر نفسه."),
)

_CHINESE = (
    (
        "大规模语言模型的高效推理：基于稀疏注意力机制与动态缓存压缩的长上下文方法及其在真实世界多模态任务中的系统性评估",
        "本文提出一种新的稀疏注意力机制，在不损失精度的情况下将推理速度提高三倍。" * 6,
    ),
    (
        "ロボットの把持計画における世界モデルの役割",
        "本研究では、世界モデルを用いて未知の物体を把持する方法を提案する。" * 5,
    ),
    ("한국어 문장 임베딩을 위한 대조 학습", "우리는 한국어 문장 임베딩을 위한 새로운 대조 학습 방법을 제안한다. " * 5),
)

_EMOJI = (
    (
        "🤗 Transformers, 🦙 Llamas & 🐍 Mambas: 👩🏽‍🔬👨‍👩‍👧‍👦 in the 🌍 (v2️⃣)",
        "🚀 faster, 💸 cheaper, 🏳️‍🌈 for all 🇪🇺🇯🇵🇧🇷. " * 8,
    ),
    ("🔥" * 80, "👍🏻👍🏼👍🏽👍🏾👍🏿 " * 12),
    ("Z̸̙͐a̵̞͝l̷̹̈́g̶͎̀o̴̫͘ and Other Combining Marks: é ≠ é", "ﷺ ﷽ and ㋿, ½ ⅔ ℵ₀ 𝔘𝔫𝔦𝔠𝔬𝔡𝔢 𝕄𝕒𝕥𝕙"),
)

_MATCHES_MARKUP = (Why(Kind.MATCHES, '<think> & "x<y"'), Why(Kind.AUTHOR, "O’Neill & <Sons>"))


def _latex_papers() -> tuple[HardPaper, ...]:
    raw = [HardPaper(title, ('Erwin Schr\\"odinger',), blurb) for title, blurb in _LATEX]
    converted = [HardPaper(readable(title), ("Erwin Schrödinger",), readable(blurb)) for title, blurb in _LATEX]
    return (*converted, *raw)


def _unbroken_papers() -> tuple[HardPaper, ...]:
    strings = [(UNBROKEN * 7)[:500], "w" * 300, "https://example.org/?" + "q=" * 200, "无空格" * 120]
    return tuple(
        HardPaper(
            title=string,
            authors=(string[:300],),
            summary="",
            abstract=(string * 20)[:5000],
            note=string[:300],
            why=(Why(Kind.MATCHES, string[:300]), Why(Kind.TOPIC, string[:80])),
        )
        for string in strings
    )


def _mixed_papers() -> tuple[HardPaper, ...]:
    pinned = HardPaper(
        "An Editor’s Choice",
        summary="It comes first for everybody.",
        github_url="https://github.com/example/choice",
        note="Short, and the best account of the year. Begin with section 3; the appendix holds the surprise.",
        is_pinned=True,
        why=(Why(Kind.PINNED),),
    )
    outside = HardPaper("A Paper from Quite Another Field", why=(Why(Kind.OUTSIDE), Why(Kind.TRENDING, "+48 upvotes")))
    return (pinned, *_catalogue(6), outside)


def _aside(*texts: tuple[str, str]) -> tuple[HardPaper, ...]:
    return tuple(
        HardPaper(title, summary=summary, github_url="https://github.com/example/x") for title, summary in texts
    )


PAPERS: dict[str, tuple[HardPaper, ...]] = {
    "one": _catalogue(1),
    "twenty": tuple(map(_with_long_words, _catalogue(20))),
    "usual": _catalogue(10),
    "markup": tuple(
        HardPaper(title, ("O’Neill & <Sons>", "Robert'); DROP TABLE"), summary, note=title, why=_MATCHES_MARKUP)
        for title, summary in _MARKUP
    ),
    "latex": _latex_papers(),
    "long_titles": (
        HardPaper((_LONG_TITLE * 3)[:300]),
        HardPaper((_LONG_TITLE * 5)[:500]),
        HardPaper((_LONG_TITLE.upper() * 3)[:300]),
    ),
    "forty_authors": (
        HardPaper("Written by Forty", tuple(f"Author Number {number} of the Collaboration" for number in range(1, 41))),
        HardPaper("Written by Three", ("Wolfeschlegelsteinhausenbergerdorff, Hubert Blaine", "Ng", "José Ángel Núñez")),
        HardPaper("Written by One", ("The " + "Very Large Collaboration for Everything " * 7,)),
    ),
    "arabic": tuple(HardPaper(title, ("محمد بن موسى الخوارزمي", "Ada Lovelace"), text) for title, text in _ARABIC),
    "chinese": tuple(HardPaper(title, ("李伟", "王芳", "山田太郎", "김민준"), text) for title, text in _CHINESE),
    "unbroken": _unbroken_papers(),
    "emoji": _aside(*_EMOJI),
    "weekly": _catalogue(12),
    "bare": (HardPaper("A Title and Nothing Else", (), "", attention=False, has_id=False, why=(Why(Kind.EDITION),)),),
    "mixed": _mixed_papers(),
}


# What editors say of these editions: how they open, and what stands above the papers.
WORDS: dict[str, tuple[str, str]] = {
    "mixed": (
        "A quiet Monday, so here is what we liked best of last week.",
        (
            "Our reading group meets on Thursday at 18:00 UTC; all are welcome.\nBring one paper and one doubt.\n\n"
            "How papers are chosen: https://papers.example/about/choosing (and see https://example.org/a_(b))."
        ),
    ),
    "markup": (
        "<b>Less</b> & </mj-text> {{ edition }}",
        "<script>alert(1)</script>\n\n</p> javascript:x <!--",
    ),
    "arabic": ("أوراق اليوم باختصار.", "مرحبًا بكم، انظروا https://example.org/?a=b&c=d ثم أكملوا القراءة."),
    "unbroken": ((UNBROKEN * 3)[:200], f"https://example.org/{'x' * 280}\n\n{'w' * 290}"),
    "emoji": ("👩🏽‍🔬🔥" * 20, "🚀 " * 300),
}


def named_also(name: str) -> tuple[HardPaper, ...]:
    """The papers that the digest of an edition names besides: others of the catalogue, or its hardest once more."""
    if name in {"one", "bare"}:
        return ()
    if name in {"twenty", "usual", "weekly", "mixed"}:
        return _catalogue(25)[-5:]
    return tuple(HardPaper(told.title, told.authors) for told in PAPERS[name][:5])
