-- The event store. Times are 100 ns since 1970, so that nothing is rounded; the view "history" shows them as text.

create table meta(name text primary key, value text not null);

-- Who decides for a shard, and how far it has come. Updated in place by each append: room for it on the same page.
create table shard(shard int primary key, term bigint not null, owner text not null, seq bigint not null) with (fillfactor = 50);

-- One row. Appends of all nodes take turns at it for the length of their commit: so positions have no gaps, and what is read after a position
-- can never be added to before it.
create table feed(one boolean primary key default true check (one), pos bigint not null) with (fillfactor = 10);

create table stream(
  id bigint generated always as identity primary key, key text collate "C" not null unique, shard int not null, ver int not null, closed boolean not null,
  timer_due bigint, timer_token bigint not null) with (fillfactor = 70);
create index stream_open on stream(shard, id) where not closed;

-- Apart from its stream, whose row is written often and must stay small.
create table snapshot(stream bigint primary key, ver int not null, state bytea not null);

create table event(
  pos bigint primary key, shard int not null, seq bigint not null, stream bigint not null, ver int not null, term bigint not null,
  type text not null, schema int not null, at bigint not null, body text not null, meta text not null);
create unique index event_by_stream on event(stream, ver);

create table idempotency(
  principal text collate "C" not null, key text collate "C" not null, body_hash text not null, answer text not null, at bigint not null,
  primary key (principal, key));
create index idempotency_by_age on idempotency(at);

create table projection(name text primary key, pos bigint not null, state bytea not null);

create view history as
  select e.pos, s.key as stream, e.ver, e.shard, e.seq, e.term,
         timestamptz 'epoch' + e.at / 10 * interval '1 microsecond' as at, e.type, e.body, e.meta
    from event e join stream s on s.id = e.stream;

-- Events are for ever, also for their owner: whoever must change them has to drop this trigger first, and will be seen doing it.
create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception 'events are never changed or deleted' using errcode = 'LM004';
end $$;
create trigger event_is_for_ever before update or delete or truncate on event for each statement execute function refuse_change();

-- Raises the terms of these shards. Waits for an append that is under way: what it wrote is in the sequence number that comes back.
create function take_over(shards int[], taker text) returns table(shard int, term bigint, seq bigint) language plpgsql as $$
begin
  perform 1 from shard s where s.shard = any(shards) order by s.shard for update;
  return query update shard s set term = s.term + 1, owner = taker where s.shard = any(shards) returning s.shard, s.term, s.seq;
end $$;

-- One group commit: all of it or, by an exception, nothing.
--   LM001 fenced            message: JSON array of shards
--   LM002 version conflict  message: JSON array of stream keys
--   LM003 key in use        message: JSON array of the records that are stored under the keys
-- An event names its stream by its place in s_key. Rows are locked in one order (shards, streams, keys, feed), so that nobody waits in a circle.
create function append(
  l_shard int[], l_term bigint[], l_owner text[], l_seq bigint[], l_last bigint[],
  s_key text[], s_shard int[], s_expected int[], s_ver int[], s_closed boolean[], s_due bigint[], s_token bigint[], s_snapshot bytea[],
  k_principal text[], k_key text[], k_hash text[], k_answer text[], k_at bigint[],
  e_shard int[], e_seq bigint[], e_stream int[], e_ver int[], e_term bigint[], e_type text[], e_schema int[], e_at bigint[], e_body text[], e_meta text[])
returns bigint language plpgsql as $$
declare
  found text;
  ids bigint[];
  last bigint;
begin
  perform 1 from shard s where s.shard = any(l_shard) order by s.shard for no key update;
  select json_agg(l.shard)::text into found
    from unnest(l_shard, l_term, l_owner, l_seq) l(shard, term, owner, seq)
   where not exists (select from shard s where s.shard = l.shard and s.term = l.term and s.owner = l.owner and s.seq = l.seq);
  if found is not null then raise exception '%', found using errcode = 'LM001'; end if;
  update shard s set seq = l.last from unnest(l_shard, l_last) l(shard, last) where s.shard = l.shard and s.seq <> l.last;

  -- A stream belongs to one shard, and the shard is locked: what is compared here stays true until the commit.
  select json_agg(c.key)::text into found
    from unnest(s_key, s_shard, s_expected) c(key, shard, expected) left join stream s on s.key = c.key
   where coalesce(s.ver, 0) <> c.expected or s.shard <> c.shard;
  if found is not null then raise exception '%', found using errcode = 'LM002'; end if;
  insert into stream(key, shard, ver, closed, timer_due, timer_token)
    select c.key, c.shard, c.ver, c.closed, c.due, c.token
      from unnest(s_key, s_shard, s_expected, s_ver, s_closed, s_due, s_token) c(key, shard, expected, ver, closed, due, token)
     where c.expected = 0;
  update stream s set ver = c.ver, closed = c.closed, timer_due = c.due, timer_token = c.token
    from unnest(s_key, s_expected, s_ver, s_closed, s_due, s_token) c(key, expected, ver, closed, due, token)
   where c.expected > 0 and s.key = c.key;
  select array_agg(s.id order by c.n) into ids from unnest(s_key) with ordinality c(key, n) join stream s on s.key = c.key;
  insert into snapshot(stream, ver, state)
    select ids[c.n], c.ver, c.state from unnest(s_ver, s_snapshot) with ordinality c(ver, state, n) where c.state is not null
    on conflict (stream) do update set ver = excluded.ver, state = excluded.state;

  if cardinality(k_key) > 0 then
    with wanted as (
      select * from unnest(k_principal, k_key, k_hash, k_answer, k_at) k(principal, key, body_hash, answer, at) order by principal, key),
    made as (insert into idempotency select * from wanted on conflict do nothing returning principal, key)
    select json_agg(json_build_array(w.principal, w.key))::text into found
      from wanted w where not exists (select from made m where m.principal = w.principal and m.key = w.key);
    if found is not null then
      -- A statement of its own: it sees also what was committed while the insert waited.
      select json_agg(json_build_array(i.principal, i.key, i.body_hash, i.answer, i.at))::text into found
        from json_array_elements(found::json) f join idempotency i on i.principal = f ->> 0 and i.key = f ->> 1;
      raise exception '%', coalesce(found, '[]') using errcode = 'LM003';
    end if;
  end if;

  if cardinality(e_seq) = 0 then
    select f.pos into last from feed f;
    return last;
  end if;
  update feed f set pos = f.pos + cardinality(e_seq) returning f.pos into last;
  insert into event(pos, shard, seq, stream, ver, term, type, schema, at, body, meta)
    select last - cardinality(e_seq) + e.n, e.shard, e.seq, ids[e.stream], e.ver, e.term, e.type, e.schema, e.at, e.body, e.meta
      from unnest(e_shard, e_seq, e_stream, e_ver, e_term, e_type, e_schema, e_at, e_body, e_meta)
           with ordinality e(shard, seq, stream, ver, term, type, schema, at, body, meta, n);
  return last;
end $$;
