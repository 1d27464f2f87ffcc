"""A file of readers, uploaded by an operator: tried first, then taken in."""

import hashlib
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django import forms
from django.core import signing
from django.core.files.uploadedfile import UploadedFile
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from subscribers.columns import ALIASES
from subscribers.importing import MAX_PROVENANCE, MIN_PROVENANCE

# More takes longer than a request may.
MAX_UPLOAD = 1_000_000
TRIED = "subscribers.import tried"
TRIED_VALID_FOR = timedelta(hours=1)
LEFT_OUT = "-"
ENCODINGS = [
    ("", "As found out"),
    ("utf-8", "UTF-8"),
    ("utf-16", "UTF-16"),
    ("cp1252", "Western European (Windows 1252)"),
    ("cp1250", "Central European (Windows 1250)"),
    ("cp1251", "Cyrillic (Windows 1251)"),
    ("koi8-r", "Cyrillic (KOI8-R)"),
    ("cp1253", "Greek (Windows 1253)"),
    ("cp1254", "Turkish (Windows 1254)"),
    ("mac-roman", "Western European (Macintosh)"),
    ("shift-jis", "Japanese (Shift JIS)"),
    ("gb18030", "Chinese (GB 18030)"),
    ("big5", "Chinese (Big5)"),
    ("euc-kr", "Korean (EUC-KR)"),
]


class ColumnField(forms.CharField):
    """Under which header a column stands. There is nothing to choose until the first row of a file was read."""

    widget: Any = forms.HiddenInput

    def __init__(self, name: str) -> None:
        super().__init__(required=False, label=name.replace("_", " "), max_length=1000, strip=False)

    def offer(self, headers: Sequence[str]) -> None:
        named = [(header, header[:80]) for header in dict.fromkeys(headers) if header]
        choices = [("", "As found out"), (LEFT_OUT, "Left out"), *named]
        self.widget = UnfoldAdminSelectWidget(choices=choices)


class ImportForm(forms.Form):
    provenance = forms.CharField(
        min_length=MIN_PROVENANCE,
        max_length=MAX_PROVENANCE,
        help_text="Where these people agreed to get our mail, and how. It is kept with the import.",
        widget=UnfoldAdminTextInputWidget,
    )
    file = forms.FileField(
        label="CSV or TSV file",
        help_text="Its first row names the columns. One must be called email, or be chosen once the file was read.",
        widget=UnfoldAdminFileFieldWidget,
    )
    encoding = forms.ChoiceField(choices=ENCODINGS, required=False, widget=UnfoldAdminSelectWidget)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields |= {f"column_{name}": ColumnField(name) for name in ALIASES}

    @property
    def chosen(self) -> dict[str, str]:
        """The headers that were chosen for our columns; the form must be valid."""
        given = {name: self.cleaned_data[f"column_{name}"] for name in ALIASES}
        return {name: "" if header == LEFT_OUT else header for name, header in given.items() if header}

    def offer_columns(self, headers: Sequence[str]) -> None:
        """Let it be chosen which of these headers stands for which of our columns."""
        for field in self.fields.values():
            if headers and isinstance(field, ColumnField):
                field.offer(headers)

    def asked(self) -> list[forms.BoundField]:
        return [field for field in self if not isinstance(field.field, ColumnField)]

    def columns(self) -> list[forms.BoundField]:
        return [field for field in self if isinstance(field.field, ColumnField)]

    def clean_file(self) -> UploadedFile[bytes]:
        file: UploadedFile[bytes] = self.cleaned_data["file"]
        if (file.size or 0) > MAX_UPLOAD:
            raise forms.ValidationError(
                "This is more than a page can take in. On the server, run: manage.py import_subscribers FILE"
            )
        # Now, since whoever reads the file closes it.
        self._digest = hashlib.sha256(file.read()).hexdigest()
        return file

    def signed(self) -> str:
        """Return what was tried, as the second step is told; the form must be valid."""
        return signing.dumps(self._content(), salt=TRIED)

    def _content(self) -> list[Any]:
        return [self._digest, self.cleaned_data["provenance"], self.cleaned_data["encoding"], self.chosen]


class ConfirmImportForm(ImportForm):
    """The second step. The file is sent again, so that no copy of it lies on the server; it must be the one tried."""

    tried = forms.CharField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for name in ("provenance", "encoding"):
            self.fields[name].widget = forms.HiddenInput()
        self.fields["file"].label = "The same file again"
        self.fields["file"].help_text = "It was tried only, and no copy was kept."

    @classmethod
    def after(cls, form: ImportForm) -> "ConfirmImportForm":
        """Return the form that takes in what `form`, which is valid, tried."""
        tried = {name: value for name, value in form.cleaned_data.items() if name != "file"}
        return cls(initial=tried | {"tried": form.signed()})

    def clean(self) -> dict[str, Any]:
        if not self.errors:
            try:
                tried = signing.loads(self.cleaned_data["tried"], salt=TRIED, max_age=TRIED_VALID_FOR)
            except signing.BadSignature as err:
                raise forms.ValidationError("It is too long since the file was tried. Try it again.") from err
            if tried != self._content():
                raise forms.ValidationError("This is not the file that was tried. Try it first.")
        return self.cleaned_data
