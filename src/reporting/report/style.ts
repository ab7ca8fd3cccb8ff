/** Blue and rose stay apart for every kind of colour vision; limits are dashed besides. */
export const style = `
:root{color-scheme:light dark;--ink:#1c2128;--dim:#57606a;--paper:#fff;--line:#d0d7de;--champion:#4477aa;--challenger:#cc6677;--good:#1a7f37;--bad:#cf222e;--warn:#9a6700}
@media(prefers-color-scheme:dark){:root{--ink:#d1d7e0;--dim:#9198a1;--paper:#0d1117;--line:#3d444d;--champion:#77aadd;--challenger:#ee8899;--good:#3fb950;--bad:#f85149;--warn:#d29922}}
body{margin:0 auto;max-width:960px;padding:24px 20px 64px;font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper)}
h1{font-size:22px;margin:0 0 4px}h2{font-size:17px;margin:32px 0 8px}
.result{font-weight:700}.result.good{color:var(--good)}.result.bad{color:var(--bad)}.result.warn{color:var(--warn)}
.why{font-size:17px;margin:6px 0 10px}.dim,figcaption,dt,th{color:var(--dim)}
dl{display:grid;grid-template-columns:max-content 1fr;gap:2px 16px;margin:0}dd{margin:0;overflow-wrap:anywhere}
figure{margin:18px 0 0}figcaption{font-size:13px}figcaption b{color:var(--ink);margin-right:12px}
svg{width:100%;height:auto;display:block}svg text{font:11px system-ui,sans-serif;fill:var(--dim)}
.grid{stroke:var(--line);stroke-width:1}line.mark{stroke:var(--dim);stroke-dasharray:1 3}text.mark{font-weight:700}
path{fill:none;stroke-width:2;stroke-linejoin:round;stroke-linecap:round}path.champion{stroke:var(--champion)}path.challenger{stroke:var(--challenger)}path.neutral{stroke:var(--ink)}path.other{stroke:var(--dim);stroke-width:1;opacity:.7}
line.limit{stroke:var(--bad);stroke-dasharray:7 4;stroke-width:1.5}
.tips circle{fill:transparent}.tips circle:hover{fill:var(--dim)}
.key{margin-right:12px}.key:before{content:"";display:inline-block;width:18px;height:0;border-top:3px solid;margin-right:5px;vertical-align:middle}
.key.champion:before{border-color:var(--champion)}.key.challenger:before{border-color:var(--challenger)}.key.neutral:before{border-color:var(--ink)}.key.other:before{border-color:var(--dim);border-top-width:1px}.key.limit:before{border-color:var(--bad);border-top-style:dashed}
.wide{overflow-x:auto}table{border-collapse:collapse;font-size:13px;width:100%}th,td{text-align:left;padding:4px 12px 4px 0;border-bottom:1px solid var(--line);vertical-align:top}
th{font-weight:600}code,pre{font:12.5px/1.5 ui-monospace,Menlo,Consolas,monospace}pre{overflow-x:auto;margin:0}
@media print{body{max-width:none;padding:0}figure,table{break-inside:avoid}}
`;
