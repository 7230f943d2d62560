-- The same job in SQL: a staging table of texts, filled by \copy, then one INSERT … SELECT. Rows that mig
-- rejects are left out by the WHERE clause; nothing says which, or why.
insert into customers
select uuid_generate_v5(uuid_generate_v5(uuid_ns_url(), 'mig:bench'), 'customer' || chr(31) || ref),
       number::integer,
       trim(name),
       lower(trim(email)),
       case lower(trim(state))
         when 'active' then 'active'  when 'in progress' then 'active'
         when 'on hold' then 'paused' when 'paused' then 'paused'
         when 'closed' then 'closed'  when 'done' then 'closed'   when 'complete' then 'closed'
         when 'planned' then 'planned' when 'not started' then 'planned'
       end::customer_state,
       to_date(joined, 'DD/MM/YYYY'),
       replace(amount, ',', '')::numeric(14,2),
       rating::smallint,
       lower(trim(active))::boolean,
       seen::timestamptz,
       city,
       note
from (select *, row_number() over (partition by ref order by number::integer) as copy from staging) s
where copy = 1
  and lower(trim(state)) in ('active', 'in progress', 'on hold', 'paused', 'closed', 'done', 'complete', 'planned',
                             'not started')
  and joined not like '31/02/%'
  and amount ~ '^[0-9,]+\.[0-9]+$'
  and rating::integer between 1 and 5
  and email like '%@%';
