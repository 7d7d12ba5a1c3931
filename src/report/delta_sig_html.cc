// The page. Rows are plain HTML, so that it can be read without its script, which only filters and sorts
// them.
#include <fmt/format.h>

#include "delta_sig_rows.h"
#include "format.h"
#include "stella/base/base64.h"
#include "stella/report/delta_sig.h"

namespace stella::report {
namespace {

using statement::DeltaSig;
using statement::FunctionDelta;

constexpr std::string_view kStyle = R"(
:root{color-scheme:light dark;--back:#fff;--text:#1b1f24;--soft:#667;--line:#dde1e6;--add:#e3f6e8;--gone:#fde7e7;--head:#f4f6f8}
@media(prefers-color-scheme:dark){:root{--back:#14171a;--text:#e4e7eb;--soft:#98a2ad;--line:#2c3238;--add:#16331f;--gone:#3d1d1f;--head:#1d2226}}
body{margin:2rem auto;max-width:84rem;padding:0 1rem;background:var(--back);color:var(--text);font:15px/1.5 system-ui,sans-serif}
h1{font-size:1.4rem}h2{font-size:1.1rem;margin-top:2rem}
code,td.code,th.code{font-family:ui-monospace,monospace;font-size:.9em;overflow-wrap:anywhere}
table{border-collapse:collapse;width:100%}th,td{padding:.3rem .6rem;text-align:left;vertical-align:top;border-bottom:1px solid var(--line)}
th{background:var(--head);position:sticky;top:0}th button{all:unset;cursor:pointer;font-weight:600}th button:focus-visible{outline:2px solid}
td.number{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}
.soft{color:var(--soft)}.filters{display:flex;gap:.6rem;flex-wrap:wrap;margin:1rem 0}
input,select{font:inherit;padding:.3rem .5rem;background:var(--back);color:var(--text);border:1px solid var(--line)}input{flex:1;min-width:14rem}
tr.add td.target,td.added{background:var(--add)}tr.gone td.base,td.removed{background:var(--gone)}
pre{margin:0}
)";

constexpr std::string_view kScript = R"(
(function(){
var body=document.getElementById("rows");if(!body)return;
var rows=Array.prototype.slice.call(body.rows),search=document.getElementById("search");
var kind=document.getElementById("kind"),shown=document.getElementById("shown");
function filter(){var text=search.value.toLowerCase(),count=0;
rows.forEach(function(row){var fits=(!kind.value||row.dataset.kind===kind.value)&&row.textContent.toLowerCase().indexOf(text)>=0;
row.hidden=!fits;if(fits)count++;});shown.textContent=count;}
search.addEventListener("input",filter);kind.addEventListener("change",filter);
Array.prototype.forEach.call(document.querySelectorAll("#table th button"),function(button,column){
var down=true;button.addEventListener("click",function(){
rows.sort(function(a,b){var x=a.cells[column],y=b.cells[column],order;
if("value" in x.dataset){order=Number(y.dataset.value)-Number(x.dataset.value);}
else{order=x.textContent<y.textContent?-1:x.textContent>y.textContent?1:0;}
return down?order:-order;});down=!down;rows.forEach(function(row){body.appendChild(row);});});});
filter();})();
)";

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : printable(text)) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string number_cell(std::int64_t value, std::string_view shown) {
  return fmt::format("<td class=number data-value={}>{}</td>", value, shown);
}

std::string row(const DeltaSig& p, const FunctionDelta& d, bool several) {
  const auto kind = to_string(d.change);
  std::string out = fmt::format("<tr data-kind={}><td class={}>{}</td>", kind, kind, kind);
  out += fmt::format("<td class=code>{}</td><td class=code>{}</td>", escaped(name_of(d)),
                     escaped(d.shown().section));
  out += number_cell(size_delta(d), signed_number(size_delta(d)));
  out += number_cell(static_cast<std::int64_t>(d.weight()),
                     d.code    ? fmt::format("+{} −{}", grouped(d.code->instructions_added),
                                             grouped(d.code->instructions_removed))
                     : d.match ? ""
                               : grouped(d.shown().instructions));
  out += number_cell(static_cast<std::int64_t>(d.match ? d.match->similarity_per_mille : 0),
                     d.match ? percent(d.match->similarity_per_mille) : "");
  out += number_cell(static_cast<std::int64_t>(d.shown().fan_in), grouped(d.shown().fan_in));
  out += number_cell(static_cast<std::int64_t>(d.shown().fan_out), grouped(d.shown().fan_out));
  out += fmt::format(
      "<td>{}</td>",
      d.match ? fmt::format("{}, {}", escaped(d.match->kind), percent(d.match->confidence_per_mille)) : "");
  if (several) out += fmt::format("<td class=code>{}</td>", escaped(program_of(p, d)));
  return out + "</tr>\n";
}

std::string functions(const operations::DeltaSigShowResult& result) {
  const DeltaSig& p = result.predicate;
  const bool several = p.summary.programs.size() > 1;
  std::string out =
      "<h2>Changed functions</h2>\n<div class=filters><input id=search type=search "
      "placeholder=\"Search name, section, program\" aria-label=Search><select id=kind "
      "aria-label=Change><option value=\"\">all changes</option>";
  for (const std::string_view kind : statement::kChangeKindNames) {
    out += fmt::format("<option>{}</option>", kind);
  }
  out += fmt::format("</select></div>\n<p class=soft><span id=shown>{}</span> shown, {} in all</p>\n",
                     result.chosen.size(), grouped(result.matching));
  out += "<table id=table><thead><tr>";
  for (const std::string_view name : {"change", "function", "section", "size", "instructions", "similarity",
                                      "fan-in", "fan-out", "matched by"}) {
    out += fmt::format("<th><button>{}</button></th>", name);
  }
  out += several ? "<th><button>program</button></th>" : "";
  out += "</tr></thead>\n<tbody id=rows>\n";
  for (const std::size_t index : result.chosen) out += row(p, p.delta[index], several);
  return out + "</tbody></table>\n";
}

std::string names(std::string_view title, const statement::Names& names, std::string_view side) {
  if (names.count == 0) return {};
  std::string out = fmt::format("<tr><td>{} {}</td><td class=number>{}</td><td class=code>", title, side,
                                grouped(names.count));
  for (const std::string& name : names.listed) out += fmt::format("{}<br>", escaped(name));
  return out + "</td></tr>\n";
}

std::string linkage(const DeltaSig& p) {
  std::string out;
  for (const statement::ProgramDelta& program : p.summary.programs) {
    if (!program.comparison) continue;
    const statement::ProgramComparison& c = *program.comparison;
    std::string lines;
    const auto add = [&](std::string_view title, const statement::NameChange& change) {
      lines += names(title, change.added, "added") + names(title, change.removed, "removed");
    };
    add("imports", c.imports);
    add("exports", c.exports);
    add("strings", c.strings);
    if (lines.empty()) continue;
    out += fmt::format(
        "<details><summary>Imports, exports and strings {}</summary><table>{}</table></details>\n",
        escaped(program.target->path), lines);
  }
  return out;
}

std::string listing(const operations::FunctionListings& l) {
  std::string out = fmt::format("<h2>{}</h2>\n<table><thead><tr><th>base</th><th>target</th></tr></thead>\n",
                                escaped(name_of(l.delta)));
  const auto cell = [](const executable::Listing& listing, std::optional<std::uint32_t> index) {
    if (!index) return std::string();
    const executable::ListingLine& line = listing.lines[*index];
    return fmt::format("<span class=soft>{:x}</span> {}", line.address, escaped(line.text));
  };
  for (const ListingRow& row : side_by_side(l)) {
    out += fmt::format(
        "<tr class=\"{}\"><td class=\"code base\">{}</td><td class=\"code target\">{}</td></tr>\n",
        row.equal                ? ""
        : row.base && row.target ? "gone add"
        : row.base               ? "gone"
                                 : "add",
        cell(l.base, row.base), cell(l.target, row.target));
  }
  return out + "</table>\n";
}

std::string overview(const DeltaSig& p) {
  std::string out = "<table>";
  const auto add = [&](std::string_view name, const std::string& value) {
    out += fmt::format("<tr><td>{}</td><td class=code>{}</td></tr>\n", name, escaped(value));
  };
  const auto subject = [](const statement::DeltaSigSubject& s) {
    return fmt::format("{}, {} bytes, {}", s.name, grouped(s.size_bytes), sha256_text(s.sha256));
  };
  add("base", subject(p.base));
  add("target", subject(p.target));
  const statement::FunctionCounts& counts = p.summary.functions;
  add("functions",
      fmt::format("{} → {}: {}", grouped(counts.base), grouped(counts.target), counts_text(counts)));
  add("programs", fmt::format("{} differ, {} unchanged", grouped(p.summary.programs.size()),
                              grouped(p.summary.programs_unchanged)));
  add("computed",
      fmt::format("{}, {} {}, {} {}", p.computed_at, p.tooling.lifter.name, p.tooling.lifter.version,
                  p.tooling.diff_algorithm.name, p.tooling.diff_algorithm.version));
  for (const std::string& remark : remarks(p)) add("note", remark);
  return out + "</table>\n";
}

}  // namespace

std::string html(const operations::DeltaSigShowResult& result) {
  const DeltaSig& p = result.predicate;
  const std::string title = escaped(fmt::format("{} → {}", p.base.name, p.target.name));
  const Digest script = sha256(as_bytes(kScript));
  std::string out = fmt::format(
      "<!doctype html>\n<html lang=en><head><meta charset=utf-8>\n<meta http-equiv=Content-Security-Policy "
      "content=\"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{}'\">\n<meta "
      "name=viewport "
      "content=\"width=device-width\">\n<title>{}</title>\n<style>{}</style></head>\n<body><h1>{}</h1>\n",
      to_base64(script.view()), title, kStyle, title);
  out += overview(p);
  if (result.listings) out += listing(*result.listings);
  out += functions(result) + linkage(p);
  return out + fmt::format("<script>{}</script>\n</body></html>\n", kScript);
}

}  // namespace stella::report
