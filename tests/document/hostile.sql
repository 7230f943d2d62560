create table "<b>orders</b>" (
    "<script>alert(1)</script>" text primary key,
    "a|b>c" text not null,
    "*bold* _it_ [x](http://x)" text,
    "1. list" integer,
    "  " text,
    "naïve — 日本" text
);
create table "ta|ble" (id integer primary key generated always as identity, note text default 'x');
