-- What operators see of several coordinators, and ask of them.

-- A node says with each beat what its own clock shows, and what is true of it (JSON; fields are only added).
alter table node add column clock timestamptz, add column facts text not null default '{}';

-- Which nodes are to have no shards. The newest row of a node counts; the others are who wanted what, when and why.
create table node_wish(
  n bigint generated always as identity primary key, node text collate "C" not null, drained boolean not null, at timestamptz not null default clock_timestamp(),
  actor text not null, reason text, request text, key text, body_hash text not null);
create index node_wish_newest on node_wish(node, n desc);
create unique index node_wish_once on node_wish(actor, key);
create trigger node_wish_is_for_ever before update or delete or truncate on node_wish for each statement execute function refuse_change();

-- Versions side by side: the oldest schema a program may have been written for to work here (a step that breaks older programs raises it), and the
-- contracts whose event types may be written (raised by a person once no node is older: coordinator schema finish).
insert into meta values('schema_min', '4'), ('contracts', '1.0');
