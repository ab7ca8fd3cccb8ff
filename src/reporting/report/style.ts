/**
 * One page for screen, telephone, dark, and paper. The challenger is violet and the champion blue and dashed, which stay apart
 * for every kind of colour vision; red is for a breach alone, and each colour has a sign or a word beside it.
 */
export const style = `
:root{color-scheme:light dark;--ink:#1b2027;--dim:#59636e;--paper:#f4f5f7;--card:#fff;--line:#d6dbe1;--soft:#eceff3;--champion:#2f6fb3;--challenger:#7a3fd1;--good:#1a7f37;--bad:#c4202c;--warn:#8a5a00;--run:#2456c7;--band:.18}
@media(prefers-color-scheme:dark){:root{--ink:#dfe4ea;--dim:#9aa4af;--paper:#0b0f14;--card:#141a21;--line:#2c343d;--soft:#1d252e;--champion:#79b0ea;--challenger:#b591ff;--good:#4cc264;--bad:#ff7b72;--warn:#e0a92e;--run:#8ab0ff;--band:.26}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:1180px;padding:16px 24px 64px;font:15px/1.5 system-ui,"Segoe UI",Roboto,sans-serif;color:var(--ink);background:var(--paper);overflow-wrap:anywhere}
h1{font-size:26px;line-height:1.2;margin:8px 0 4px;font-weight:650}h2{font-size:15px;line-height:1.3;margin:0 0 6px;font-weight:650;display:flex;gap:8px;align-items:baseline;flex-wrap:wrap}
p{margin:0 0 6px}a{color:var(--run)}i{font-style:normal}
:focus-visible{outline:2px solid var(--run);outline-offset:2px}
.dim,dt,th{color:var(--dim)}.dim{font-size:13px}
.top{display:flex;gap:8px 16px;align-items:baseline;flex-wrap:wrap;margin-bottom:12px}.top .model{font-weight:650}.top nav{margin-left:auto;display:flex;gap:12px}
.link{font-size:13px;color:var(--good)}.link.late{color:var(--warn);font-weight:650}
.path{margin:0 0 8px}
.card,.now,.tile{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:16px 20px;margin:0 0 14px}
.now{border-left:6px solid var(--line)}.now.run{border-left-color:var(--run)}.now.good{border-left-color:var(--good)}.now.warn{border-left-color:var(--warn)}.now.bad{border-left-color:var(--bad)}
.kicker{display:flex;gap:4px 12px;align-items:baseline;flex-wrap:wrap;margin:0}
.chip{font-size:13px;font-weight:650;border:1.5px solid;border-radius:99px;padding:0 10px;white-space:nowrap}
.run{color:var(--run)}.good{color:var(--good)}.warn{color:var(--warn)}.bad{color:var(--bad)}.rest{color:var(--dim)}
.now,.card,.tile{color:var(--ink)}
.why{font-size:16px}.when{display:flex;gap:2px 16px;flex-wrap:wrap;color:var(--dim);font-size:14px}.when b{color:var(--ink);font-weight:600}
.traffic{margin:12px 0 10px}.traffic p{margin:4px 0 0}
.bar{display:flex;height:26px;border-radius:6px;overflow:hidden;background:var(--soft);gap:2px}
.bar span{color:#fff;font-size:13px;line-height:26px;padding:0 8px;white-space:nowrap;overflow:hidden;min-width:6px}.bar .champion{background:#2f6fb3}.bar .challenger{background:#7a3fd1}
.rail{list-style:none;display:flex;gap:6px;padding:0;margin:10px 0 10px}
.rail li{flex:1 1 0;min-width:0;border-top:3px solid var(--line);padding:5px 4px 0 0;font-size:13px;position:relative;line-height:1.35}
.rail b{display:block;font-weight:600}.rail span{color:var(--dim);font-size:12px}.rail .later b{color:var(--dim);font-weight:400}
.rail .done{border-top-color:var(--good)}.rail .done i{color:var(--good)}.rail .bad{border-top-color:var(--bad);color:var(--bad)}.rail .bad span{color:var(--bad)}.rail .here b{color:var(--run)}
.rail .fill{position:absolute;left:0;top:-3px;height:3px;background:var(--run)}
.next{margin:8px 0 0;font-size:13px;display:flex;gap:6px 8px;flex-wrap:wrap;align-items:baseline}.next span{color:var(--dim)}.next code{background:var(--soft);border-radius:5px;padding:2px 7px}
.answer{font-size:17px;font-weight:600;margin:16px 2px 12px;line-height:1.4}.answer.rest{font-weight:400}
.lost{border:1.5px solid var(--warn);border-left-width:6px;border-radius:10px;background:var(--card);padding:10px 16px;margin:0 0 14px}.lost b{color:var(--warn)}
.boss{font-size:20px;font-weight:650;line-height:1.3;margin:4px 0 6px}
.tiles{display:grid;grid-template-columns:repeat(2,minmax(0,1fr));gap:14px;margin-bottom:14px}.tiles .tile{margin:0}.tile.leads,.tiles:has(.leads)>.tile:last-child:nth-child(even),.tiles:not(:has(.leads))>.tile:last-child:nth-child(odd){grid-column:1/-1}.tile.leads{border-width:2px}
.figure{margin:0;font-size:14px}.figure b{font-size:24px;font-weight:650;margin-right:6px}.figure span{color:var(--dim)}
.word{font-size:13px;font-weight:650;margin-left:auto}.cards .word{margin:0;white-space:nowrap}
.plot{margin:8px 0 0;position:relative}.area{position:relative;height:170px;margin:18px 116px 24px 62px}.leads .area{height:210px}#evidence .area{margin-right:122px}#share .area{margin-right:16px}
.area svg{position:absolute;inset:0;width:100%;height:100%;overflow:hidden}
.area path{fill:none;vector-effect:non-scaling-stroke;stroke-linejoin:round}
.grid{stroke:var(--line);stroke-width:1}.base{stroke:var(--dim);stroke-width:1}.area .mark{stroke:var(--dim);stroke-width:1;stroke-dasharray:1 4}
.line{stroke-width:2.2}.line.champion{stroke:var(--champion);stroke-dasharray:6 4}.line.challenger{stroke:var(--challenger)}.line.breach{stroke:var(--bad)}.line.neutral{stroke:var(--ink)}.line.other{stroke:var(--dim);stroke-width:1.2}
.area .band{stroke:none;fill-opacity:var(--band)}.band.challenger{fill:var(--challenger)}.band.breach{fill:var(--bad)}
.area .limit{stroke:var(--bad);stroke-width:1.6;stroke-dasharray:2 4;stroke-linecap:round}
.area span{position:absolute;font-size:12px;line-height:1.2;white-space:nowrap;color:var(--dim)}
.area .y{right:calc(100% + 8px);transform:translateY(-50%)}.area .y.strong{color:var(--ink);font-weight:600}
.area .lim,.area .end{left:calc(100% + 6px);transform:translateY(-50%);max-width:108px;overflow:hidden;text-overflow:ellipsis}.area .lim:not(.off){white-space:normal;width:108px}.area .lim{color:var(--bad)}
.area .off{transform:none;left:auto;right:4px;background:var(--card);padding:0 4px;border-radius:3px;max-width:none}.area .above{top:2px}.area .below{bottom:2px}
.area .end{font-weight:600}.area .end.challenger{color:var(--challenger)}.area .end.champion{color:var(--champion)}.area .end.breach{color:var(--bad)}.area .end.other{font-weight:400}
.area .x{top:calc(100% + 6px);transform:translateX(-50%)}.area .n{bottom:calc(100% + 2px);transform:translateX(-50%);font-weight:600}
.cross{position:absolute;top:0;bottom:0;width:1px;background:var(--ink)}.read{font-size:13px;font-weight:600;margin:0 0 4px}
.keys{display:none;font-size:13px}.key{margin-right:12px}.key:before{content:"";display:inline-block;width:18px;border-top:3px solid;margin-right:5px;vertical-align:middle}.key.champion:before{border-top-style:dashed;color:var(--champion)}.key.challenger:before{color:var(--challenger)}.key.breach:before{color:var(--bad)}.key.other:before{border-top-width:1px}
details>summary{cursor:pointer;font-size:13px;color:var(--dim);width:max-content}.numbers .wide{max-height:220px;overflow:auto}
.result{font-weight:650}.wide{overflow-x:auto}table{border-collapse:collapse;font-size:13.5px;width:100%}th,td{text-align:left;padding:5px 14px 5px 0;border-bottom:1px solid var(--line);vertical-align:top;overflow-wrap:break-word}th{font-weight:600;white-space:nowrap}
#events .cards td:nth-child(2),#rollouts .cards td:nth-child(2){white-space:nowrap}td .mark{display:inline-block;min-width:18px;border:1px solid var(--dim);border-radius:99px;text-align:center;font-size:12px}
.card h2{margin-top:20px}.card h2:first-child{margin-top:0}
dl{display:grid;grid-template-columns:max-content 1fr;gap:2px 16px;margin:0;font-size:13.5px}dd{margin:0;overflow-wrap:anywhere}
code,pre{font:12.5px/1.5 ui-monospace,Menlo,Consolas,"DejaVu Sans Mono",monospace}pre{overflow-x:auto;margin:0}
.sr{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
@media(max-width:760px){.tiles{grid-template-columns:minmax(0,1fr)}}
@media(max-width:600px){body{padding:10px 10px 40px}.card,.now,.tile{padding:12px 14px}h1{font-size:21px}.why{font-size:15px}
.rail{flex-direction:column;gap:0}.rail li{border-top:0;border-left:3px solid var(--line);padding:2px 0 2px 10px;display:flex;gap:8px;justify-content:space-between;flex:none}.rail .done{border-left-color:var(--good)}.rail .bad{border-left-color:var(--bad)}.rail .here{border-left-color:var(--run)}.rail .fill{display:none}
.area,#evidence .area{margin:18px 8px 24px 54px}.area .end{display:none}.area .lim:not(.off){left:auto;right:4px;width:auto;max-width:none;white-space:nowrap;transform:translateY(-115%);background:var(--card);border-radius:3px;padding:0 3px}.keys{display:block}.area .x.inner{display:none}
.cards thead{display:none}.cards,.cards tbody,.cards tr,.cards td{display:block}.cards tr{border-bottom:1px solid var(--line);padding:6px 0}.cards td{border:0;padding:1px 0;display:grid;grid-template-columns:104px 1fr;gap:8px}.cards td:before{content:attr(data-name);color:var(--dim)}.cards td:empty{display:none}
dl{grid-template-columns:1fr}dt{margin-top:6px}}
@media print{:root{--paper:#fff}@page{margin:14mm}body{max-width:none;padding:0;font-size:12px}.card,.now,.tile{break-inside:avoid;border-color:#bbb}#events,#rollouts,#rules{break-inside:auto}tr{break-inside:avoid}h2{break-after:avoid}.top nav,.link,.numbers,.next{display:none}.bar span{print-color-adjust:exact}}
`;
