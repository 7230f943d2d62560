# The benchmark's transforms without a database, for mawk: splits quoted fields by hand, joins records over line
# breaks, cleans each column and prints the row tab-separated. No uuid5, no time zones, no types: less than mig does.
function trim(s) { sub(/^[ \t]+/, "", s); sub(/[ \t]+$/, "", s); return s }
BEGIN {
    OFS = "\t"
    split("active=active,in progress=active,on hold=paused,paused=paused,closed=closed,done=closed," \
          "complete=closed,planned=planned,not started=planned", pairs, ",")
    for (p in pairs) { split(pairs[p], kv, "="); states[kv[1]] = kv[2] }
    yes["y"] = yes["yes"] = "t"; yes["n"] = yes["no"] = "f"
    split("31,29,31,30,31,30,31,31,30,31,30,31", days, ",")
}
{
    line = open ? line "\n" $0 : $0
    quotes += gsub(/"/, "\"", $0)
    open = quotes % 2
    if (open) next
    quoted = quotes; quotes = 0
    if (++records == 1) next
    n = 0
    if (quoted == 0) n = split(line, f, ",")
    else while (line != "") {
        if (substr(line, 1, 1) == "\"") {
            value = ""
            line = substr(line, 2)
            while ((at = index(line, "\"")) && substr(line, at + 1, 1) == "\"") {
                value = value substr(line, 1, at)
                line = substr(line, at + 2)
            }
            f[++n] = value substr(line, 1, at - 1)
            line = substr(line, at + 2)
        } else if ((at = index(line, ","))) { f[++n] = substr(line, 1, at - 1); line = substr(line, at + 1) }
        else { f[++n] = line; line = "" }
    }
    for (; n < 12; ) f[++n] = ""
    if (f[1] in seen) { bad++; next }
    seen[f[1]] = 1
    state = tolower(trim(f[5])); active = tolower(trim(f[9])); amount = f[7]
    gsub(/,/, "", amount)
    split(f[6], d, "/")
    if (!(state in states) || !(active in yes) || amount !~ /^[0-9]+\.[0-9]+$/ || d[1] > days[d[2] + 0] ||
        f[8] < 1 || f[8] > 5 || f[4] !~ /@/) { bad++; next }
    print f[1], f[2], trim(f[3]), tolower(trim(f[4])), states[state], d[3] "-" d[2] "-" d[1], amount, f[8],
          yes[active], f[10], f[11], f[12]
}
