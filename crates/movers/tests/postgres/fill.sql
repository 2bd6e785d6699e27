-- {rows} statuses, and what goes with them.
INSERT INTO public.accounts (id, username, domain, note, settings, mood)
  SELECT n, 'user' || n, CASE WHEN n % 3 = 0 THEN 'sea.example' END, repeat('words of ' || n || ' ', n % 30),
    jsonb_build_object('n', n, 'x', E'a\\b\t"é海"'), CASE WHEN n % 2 = 0 THEN 'calm' ELSE 'rough' END::public.mood
  FROM generate_series(1, greatest({rows} / 10, 5)) n;
INSERT INTO public.statuses (id, account_id, uri, text, reblog_of_id, visibility, "order", deleted_at)
  SELECT n, 1 + n % greatest({rows} / 10, 5), CASE WHEN n % 2 = 0 THEN 'https://sea.example/' || n END,
    repeat(md5(n::text), CASE WHEN n % 500 = 0 THEN 200 ELSE 1 + n % 8 END), CASE WHEN n % 7 = 0 THEN n - 1 END, n % 4,
    ARRAY[n, NULL], CASE WHEN n % 50 = 0 THEN now() END
  FROM generate_series(1, {rows}) n;
INSERT INTO public.media_attachments (id, status_id, file_meta, thumb)
  SELECT n, n, jsonb_build_object('size', n), decode(md5(n::text), 'hex') FROM generate_series(1, {rows} / 5) n;
INSERT INTO public.tags (name) SELECT 'tag' || n FROM generate_series(1, 50) n;
INSERT INTO public.statuses_tags SELECT n, 1 + n % 50 FROM generate_series(1, {rows} / 2) n;
INSERT INTO public.favourites (account_id, status_id)
  SELECT 1 + n % greatest({rows} / 10, 5), n FROM generate_series(1, {rows} / 2) n;
INSERT INTO public.accounts_tags SELECT n, 1 + n % 50 FROM generate_series(1, greatest({rows} / 10, 5)) n;
INSERT INTO public.visits (what, weight) SELECT 'page ' || n % 5, n / 3.0 FROM generate_series(1, 100) n;
INSERT INTO public.shifts (during) SELECT tsrange('2026-01-01'::timestamp + n * interval '1 hour', '2026-01-01'::timestamp + (n + 1) * interval '1 hour') FROM generate_series(1, 20) n;
INSERT INTO public."Odd Name" ("a ""quoted"" column") VALUES ('x'), (NULL), (E'\\N');
SELECT nextval('public.accounts_id_seq'), nextval('public.statuses_id_seq') FROM generate_series(1, 77);
REFRESH MATERIALIZED VIEW public.z_account_summaries;
REFRESH MATERIALIZED VIEW public.a_recommendations;
ANALYZE;
