#include "regard/report/page_assets.hpp"

namespace regard::report {

const char* const kPageStyle = R"css(
:root { --ink: #1c2127; --soft: #5a6470; --line: #dfe3e8; --wash: #f5f7f9; --accent: #0072B2;
        --good: #00664a; --bad: #a33f00; }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; background: #fff; color: var(--ink);
       font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
main { max-width: 1240px; margin: 0 auto; padding: 40px 28px 56px; }
h1 { font-size: 30px; line-height: 1.2; margin: 0 0 6px; letter-spacing: -0.01em; overflow-wrap: anywhere; }
h2 { font-size: 20px; line-height: 1.3; margin: 0 0 4px; }
p { margin: 0 0 10px; max-width: 76ch; }
code, pre { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
code { font-size: 0.92em; background: var(--wash); border: 1px solid var(--line); border-radius: 4px;
       padding: 0 4px; overflow-wrap: anywhere; }
section { margin-top: 44px; }
.kicker { color: var(--soft); font-size: 13px; letter-spacing: 0.06em; text-transform: uppercase; margin: 0 0 6px; }
.scope { color: var(--soft); margin-bottom: 20px; }
.answer { border-left: 4px solid var(--accent); padding: 4px 0 4px 18px; margin: 0; }
.answer p { font-size: 20px; line-height: 1.45; margin: 0; max-width: 68ch; }
.answer ul { margin: 10px 0 0; padding-left: 20px; }
.answer li { margin-top: 3px; max-width: 76ch; }
.lead, figcaption, .notes { color: var(--soft); font-size: 14px; }
.lead { max-width: 92ch; }
figcaption { margin-top: 4px; }
.modebar-btn { padding: 2px 4px; }
.notes { margin: 12px 0 0; padding-left: 18px; max-width: 92ch; }
.notes li { margin-top: 3px; }
.scroll { overflow-x: auto; margin-top: 12px; }
table { border-collapse: collapse; width: 100%; font-size: 14px; font-variant-numeric: tabular-nums; }
th, td { text-align: right; padding: 8px 7px; white-space: nowrap; border-bottom: 1px solid var(--line);
         font-weight: 400; vertical-align: middle; }
th.words, td.words { text-align: left; }
thead th { font-weight: 600; font-size: 13px; white-space: normal; vertical-align: bottom; border-bottom: 2px solid var(--ink); }
thead .unit { display: block; font-weight: 400; color: var(--soft); }
tbody th { position: sticky; left: 0; background: #fff; }
tr.best th, tr.best td { background: #eef6fb; font-weight: 600; }
.wrap td { white-space: normal; overflow-wrap: anywhere; }
.wrap td, .wrap th { text-align: left; vertical-align: top; }
.wrap tbody th { color: var(--soft); width: 1%; padding-right: 28px; }
.swatch { vertical-align: middle; margin-right: 8px; flex: none; }
.pill { display: inline-block; border-radius: 10px; padding: 1px 9px; font-size: 13px; font-weight: 500;
        background: var(--wash); color: var(--soft); }
.pill.better { background: #e2f3ec; color: var(--good); }
.pill.worse { background: #fbe9df; color: var(--bad); }
.legend { display: flex; flex-wrap: wrap; gap: 6px; margin: 14px 0 0; padding: 8px 0; position: sticky; top: 0;
          background: rgba(255, 255, 255, 0.94); z-index: 5; }
button, select { font: inherit; font-size: 13px; color: var(--ink); background: #fff;
                 border: 1px solid var(--line); border-radius: 6px; padding: 4px 10px; cursor: pointer; }
button:hover, select:hover { border-color: var(--soft); }
button:focus-visible, select:focus-visible, summary:focus-visible, a:focus-visible {
  outline: 2px solid var(--accent); outline-offset: 2px; }
.legend button { display: inline-flex; align-items: center; }
.legend button[aria-pressed="false"] { opacity: 0.4; text-decoration: line-through; }
.switch { display: inline-flex; margin: 12px 0 0; }
.switch button { border-radius: 0; margin-left: -1px; }
.switch button:first-child { border-radius: 6px 0 0 6px; margin-left: 0; }
.switch button:last-child { border-radius: 0 6px 6px 0; }
.switch button:only-child { border-radius: 6px; }
.switch button[aria-pressed="true"] { background: var(--ink); border-color: var(--ink); color: #fff; }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(440px, 100%), 1fr)); gap: 12px 28px;
        margin-top: 10px; }
figure { margin: 0; min-width: 0; }
.figure { width: 100%; height: 350px; }
.frames { display: flex; align-items: center; gap: 10px; margin-top: 6px; }
.frames button { min-width: 86px; }
.frames input { flex: 1; min-width: 80px; accent-color: var(--accent); }
.frames output { min-width: 190px; font-size: 13px; color: var(--soft); font-variant-numeric: tabular-nums; }
#map { height: auto; min-height: 170px; }
.menus { display: flex; flex-wrap: wrap; gap: 8px; margin: 12px 0 6px; align-items: center; }
.menus select { max-width: 100%; }
pre { background: var(--wash); border: 1px solid var(--line); border-radius: 8px; padding: 14px 16px; margin: 12px 0 0;
      font-size: 13.5px; line-height: 1.5; white-space: pre-wrap; overflow-wrap: anywhere; }
pre.sample { max-width: 80ch; }
details { border-top: 1px solid var(--line); padding: 12px 0; }
details:last-of-type { border-bottom: 1px solid var(--line); }
summary { cursor: pointer; font-weight: 600; }
a { color: var(--accent); }
.missing { background: #fff7e6; border: 1px solid #f0dcae; border-radius: 8px; padding: 12px 16px; max-width: none;
           overflow-wrap: anywhere; }
.passage ol { max-width: 84ch; padding-left: 40px; }
.passage li { margin: 3px 0; }
.passage li span { padding: 1px 3px; border-radius: 3px; box-decoration-break: clone; -webkit-box-decoration-break: clone; }
.passage small, .passage li::marker { color: var(--soft); font-variant-numeric: tabular-nums; }
.arcs { width: 100%; max-width: 1000px; height: auto; margin-top: 12px; }
.arcs circle { fill: var(--ink); }
.arcs text { font-size: 12px; fill: var(--soft); text-anchor: middle; }
@media (max-width: 640px) {
  body { font-size: 15px; }
  main { padding: 24px 16px 40px; }
  h1 { font-size: 24px; }
  .answer { padding-left: 14px; }
  .answer p { font-size: 17px; }
  .legend { position: static; }
  .figure { height: 310px; }
  .swatch { width: 16px; margin-right: 6px; }
  th, td { padding: 7px 8px; }
}
@media print {
  body { font-size: 11pt; }
  main { max-width: none; padding: 0; }
  .switch, .menus, .frames, .download { display: none; }
  .legend { position: static; }
  .scroll { overflow: visible; }
  table { font-size: 8pt; }
  th, td { padding: 3px 5px; white-space: normal; }
  figure, tr, pre { break-inside: avoid; }
  .pair { grid-template-columns: 1fr 1fr; }
}
)css";

}  // namespace regard::report
