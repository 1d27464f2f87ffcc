-- The rows of a service that has gone on for more than a year: 100,000 papers, 100,000 readers, 1,000,000 deliveries.

-- Papers

INSERT INTO papers_topic (slug, name, kind, terms)
SELECT 'bench.' || n, 'Field ' || n, 'category', '[]' FROM generate_series(1, 40) n;
INSERT INTO papers_paper (key, arxiv_id, title, authors, abstract, summary, keywords, listed_on, github_url, project_url,
    is_sample, is_pinned, is_hidden, editor_note, created_at, counts, edited_facts, primary_category, title_hash)
SELECT 'arxiv:' || n, '2611.' || lpad(n::text, 6, '0'), 'Paper ' || n || ' on ' || (ARRAY['agents', 'video', 'speech',
    'reasoning', 'robots'])[n % 5 + 1] || ' and what became of them', '["Ada Lovelace", "Alan Turing"]',
    repeat('What it is about, how it was done and what was found. ' || n, 20), 'What it does and what it found.', '[]',
    CASE WHEN n % 3 = 0 THEN current_date - n % 400 END, '', '', false, n % 5000 = 0, n % 2000 = 0, '',
    now() - n % 400 * interval '1 day', '{}', '[]', 'bench.' || n % 40 + 1, md5(n::text)
FROM generate_series(1, 100000) n;
INSERT INTO papers_paper_topics (paper_id, topic_id)
SELECT paper.id, topic.id FROM papers_paper paper JOIN papers_topic topic
    ON topic.slug IN ('bench.' || paper.id % 40 + 1, 'bench.' || (paper.id + 7) % 40 + 1);
INSERT INTO papers_trendingscore (paper_id, "window", day, score, parts, version, scored_at)
SELECT paper.id, 'day', current_date - back, 500 - paper.id % 500, '[]', 'bench', now()
FROM generate_series(0, 29) back JOIN papers_paper paper ON paper.id % 200 = back;
INSERT INTO papers_signal (paper_id, source, kind, value, observed_at)
SELECT id, 'huggingface', 'upvotes', hour, now() - hour * interval '1 hour'
FROM papers_paper, generate_series(1, 500) hour WHERE id % 1000 = 0;
INSERT INTO papers_sourcerun (source, started_at, created, updated, unchanged, signals, refused, detail, asked, received,
    skipped, status)
SELECT (ARRAY['huggingface', 'arxiv', 'github'])[n % 3 + 1], now() - n * interval '20 minutes', 1, 2, 3, 4, 0, '', '', 9,
    0, 'read' FROM generate_series(1, 30000) n;
INSERT INTO papers_repository (name, etag, stars, read_at)
SELECT 'lab-' || n % 900 || '/paper-' || n, '', n, now() FROM generate_series(1, 30000) n;

-- Readers

INSERT INTO subscribers_importbatch (provenance, started_at, finished_at, created, skipped, refused)
SELECT 'A list of the year ' || n, now() - n * interval '1 day', now(), 300, 0, 0 FROM generate_series(1, 300) n;
INSERT INTO subscribers_subscriber (email, status, optin_nonce, created_at, confirmed_at, interests, muted_words, hour,
    time_zone, size, cadence, followed_authors, leaving_reason, weekday, link_version, ignored_words, import_batch_id)
SELECT 'reader' || n || '@example' || n % 50 || '.org',
    CASE WHEN n % 10 = 0 THEN 'unsubscribed' WHEN n % 25 = 1 THEN 'pending' ELSE 'active' END, 'nonce',
    now() - n * interval '5 minutes', now() - n * interval '5 minutes', 'video', '', n % 24, 'UTC', 10,
    CASE WHEN n % 4 = 0 THEN 'weekly' ELSE 'daily' END, '', '', 0, 1, '',
    CASE WHEN n % 3 = 0 THEN (SELECT min(id) FROM subscribers_importbatch) + n % 300 END
FROM generate_series(1, 100000) n;
INSERT INTO subscribers_subscriber_topics (subscriber_id, topic_id)
SELECT reader.id, topic.id FROM subscribers_subscriber reader JOIN papers_topic topic
    ON topic.slug IN ('bench.' || reader.id % 40 + 1, 'bench.' || reader.id % 7 + 21);
INSERT INTO subscribers_consentevent (subscriber_id, kind, wording_version, source, page, at, former_address_hash)
SELECT id, kind, '2026-11-01', 'form', '/', created_at, '' FROM subscribers_subscriber,
    (VALUES ('requested'), ('confirmed')) AS kinds (kind);
INSERT INTO subscribers_feedback (subscriber_id, paper_id, kind, at, is_automated)
SELECT reader.id, (SELECT min(id) FROM papers_paper) + reader.id * (back + 1) % 100000,
    (ARRAY['more', 'less', 'saved'])[back + 1], now() - (reader.id % 200) * interval '1 day', false
FROM subscribers_subscriber reader, generate_series(0, 2) back WHERE reader.id % 2 = 0;
INSERT INTO subscribers_suppression (address_hash, reason, at)
SELECT md5(n::text) || md5(n::text || 'b'), (ARRAY['bounced', 'complained', 'manual'])[n % 3 + 1],
    now() - n * interval '10 minutes' FROM generate_series(1, 30000) n;

-- Editions, and what became of them

INSERT INTO newsletter_edition (kind, period, status, closes_at, closing_at, closed_at, fragments, audience, pause_reason)
SELECT 'daily', to_char(current_date - n, 'YYYY-MM-DD'), CASE n WHEN 0 THEN 'draft' ELSE 'closed' END,
    now() + interval '3 hours' - n * interval '1 day', now() - n * interval '1 day', now() - n * interval '1 day',
    '{}', CASE n WHEN 0 THEN 0 ELSE 2500 END, '' FROM generate_series(0, 400) n;
INSERT INTO newsletter_editionentry (edition_id, paper_id, rank, score, parts, is_pinned, is_hidden, note, place)
SELECT edition.id, (SELECT min(id) FROM papers_paper) + (edition.id * 200 + rank) % 100000, rank, 40 - rank, '[]',
    false, false, '', rank FROM newsletter_edition edition, generate_series(1, 30) rank;
INSERT INTO newsletter_delivery (id, edition_id, subscriber_id, status, due_at, next_attempt_at, attempts, settled_at,
    skip_reason, detail, provider_message_id, picks, chosen_at, bounced_at, complained_at)
SELECT gen_random_uuid(), edition.id,
    (SELECT min(id) FROM subscribers_subscriber) + (n * 40 + edition.id) % 100000, kept.status, edition.closing_at,
    edition.closing_at, 1, edition.closing_at + n * interval '1 second',
    CASE kept.status WHEN 'skipped' THEN 'left' ELSE '' END, '', edition.id || '-' || n,
    '[{"paper_id": 1, "score": 1.0, "reason": "trending"}]', edition.closing_at,
    CASE WHEN n % 200 = 0 THEN edition.closing_at END, CASE WHEN n % 1250 = 0 THEN edition.closing_at END
FROM newsletter_edition edition, generate_series(1, 2500) n,
    LATERAL (SELECT CASE WHEN n % 100 = 0 THEN 'skipped' WHEN n % 250 = 1 THEN 'failed' WHEN n % 1000 = 2 THEN 'unknown'
        ELSE 'accepted' END AS status) kept WHERE edition.status = 'closed';
INSERT INTO newsletter_deliveryevent (key, provider, kind, received_at, reference, provider_message_id, detail, raw,
    processed_at, delivery_id)
SELECT id::text, 'Postmark', 'bounced', bounced_at, '', '', '', '{}', bounced_at, id FROM newsletter_delivery
WHERE bounced_at IS NOT NULL;
INSERT INTO newsletter_alert (kind, about, text, raised_at, told_at, cleared_at)
SELECT 'late', n::text, 'Something was late.', now() - n * interval '1 hour', now(), now()
FROM generate_series(1, 5000) n;
INSERT INTO newsletter_heartbeat (queue, beat_at) VALUES ('celery', now()), ('send', now()), ('ingest', now());
INSERT INTO newsletter_retentionrun (ran_at, removed)
SELECT now() - n * interval '1 day', '{}' FROM generate_series(1, 1000) n;
INSERT INTO django_admin_log (action_time, user_id, content_type_id, object_id, object_repr, action_flag, change_message)
SELECT now() - n * interval '9 minutes', auth_user.id, django_content_type.id, n % 400 + 1, 'An edition', 2, '[]'
FROM generate_series(1, 50000) n, auth_user, django_content_type WHERE model = 'edition';
