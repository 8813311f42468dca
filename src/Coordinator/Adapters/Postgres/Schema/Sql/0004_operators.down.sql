delete from meta where name in ('schema_min', 'contracts');
drop table node_wish;
alter table node drop column clock, drop column facts;
