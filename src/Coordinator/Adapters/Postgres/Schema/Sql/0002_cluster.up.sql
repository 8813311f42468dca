-- Several coordinators on one database: who is there, and what they have to tell each other. Messages may be lost, so their tables are not written
-- ahead (a crash empties them) and are read and deleted in one statement.

create table node(name text collate "C" primary key, seen timestamptz not null) with (fillfactor = 10);

create unlogged table bus_subscription(address text collate "C" not null, node text collate "C" not null, primary key (address, node));
create unlogged table bus_message(id bigint generated always as identity primary key, node text collate "C" not null, address text not null, body text not null)
  with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
create index bus_message_by_node on bus_message(node, id);

-- The same node's terms are raised, of those shards which nobody else has taken meanwhile. Waits for an append that is under way.
create function take_over_again(shards int[], terms bigint[], taker text) returns table(shard int, term bigint, seq bigint) language plpgsql as $$
begin
  perform 1 from shard s where s.shard = any(shards) order by s.shard for update;
  return query update shard s set term = s.term + 1 from unnest(shards, terms) l(shard, term)
    where s.shard = l.shard and s.owner = taker and s.term >= l.term returning s.shard, s.term, s.seq;
end $$;

-- To every other node that subscribes to a message's address now, unless as many as "most" wait for it already. To the sender itself they go without
-- this detour.
create function bus_publish(sender text, addresses text[], bodies text[], most int) returns bigint language sql as $$
  with sent as (
    insert into bus_message(node, address, body)
      select s.node, m.address, m.body from unnest(addresses, bodies) with ordinality m(address, body, n)
        join bus_subscription s on s.address = m.address where s.node <> sender and (select count(*) from (select from bus_message w where w.node = s.node limit most) w) < most
       order by m.n
      returning node)
  select count(pg_notify('lm_bus_' || hashtext(node), '')) from (select distinct node from sent) d
$$;

create function bus_take(receiver text, most int) returns table(address text, body text) language sql as $$
  with taken as (
    delete from bus_message where id in (select id from bus_message where node = receiver order by id limit most) returning id, address, body)
  select t.address, t.body from taken t order by t.id
$$;

-- What this node subscribes to, as of now; the answer: those of its addresses that others subscribe to as well.
create function bus_subscribe(receiver text, addresses text[]) returns setof text language sql as $$
  delete from bus_subscription where node = receiver and address <> all(addresses);
  insert into bus_subscription(address, node) select a, receiver from unnest(addresses) a on conflict do nothing;
  select distinct address from bus_subscription where node <> receiver and address = any(addresses);
$$;

-- A node that is gone: nobody waits for it, nobody tells it anything.
create function forget_node(gone text) returns void language sql as $$
  delete from bus_subscription where node = gone;
  delete from bus_message where node = gone;
  delete from node where name = gone;
$$;
