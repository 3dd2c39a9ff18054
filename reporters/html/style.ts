/** How the page looks: one column, system fonts. */
import { dark, light, properties } from '../colours.js';
import { pictureStyle } from '../picture-svg.js';

export const style = `
:root{color-scheme:light dark;${properties(light)}}
@media (prefers-color-scheme:dark){:root{${properties(dark)}}}
*{box-sizing:border-box}
html{scroll-padding-top:1rem;-webkit-text-size-adjust:100%}
body{margin:0;background:var(--ground);color:var(--ink);font:15px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
.top,main,footer{max-width:1180px;margin:0 auto;padding:0 clamp(14px,3vw,32px)}
.top{padding-top:28px}
h1,h2,h3,h4,p,ul,ol,dl,dd,figure{margin:0;padding:0}
ul,ol{list-style:none}
h1{font-size:clamp(23px,3.4vw,32px);line-height:1.2;letter-spacing:-.015em;font-weight:680;text-wrap:balance}
h2{font-size:18px;line-height:1.3;font-weight:650;letter-spacing:-.005em}
h3{font-size:16px;line-height:1.4;font-weight:650}
h4{font-size:14px;font-weight:650}
a{color:var(--link);text-decoration-thickness:1px;text-underline-offset:2px}
:focus-visible{outline:2px solid var(--link);outline-offset:2px;border-radius:4px}
code,pre,.mono{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:.88em}
code{background:var(--code);border-radius:4px;padding:.08em .32em}
.faint{color:var(--faint)}
.good{color:var(--good)}.bad{color:var(--bad)}.unsure{color:var(--unsure)}
.brand{font-size:13px;font-weight:650;letter-spacing:.01em;color:var(--faint);margin-bottom:14px}
.brand span{font-weight:400}
.head{display:flex;gap:18px;align-items:flex-start}
.seal{flex:none;display:grid;place-items:center;width:46px;height:46px;border-radius:50%;font-size:24px;font-weight:700;background:var(--good-wash);border:1.5px solid currentColor}
.seal.bad{background:var(--bad-wash)}.seal.unsure{background:var(--unsure-wash)}
.lead{font-size:clamp(16px,1.6vw,18px);line-height:1.5;margin-top:6px;max-width:62em;text-wrap:pretty}
.meta{display:flex;flex-wrap:wrap;gap:4px 18px;align-items:center;font-size:13px;color:var(--faint)}
.top .meta{margin-top:12px}
button{font:inherit;font-size:13px;font-weight:550;color:var(--ink);background:var(--paper);border:1px solid var(--line);border-radius:7px;padding:5px 12px;cursor:pointer}
button:hover{border-color:var(--faint)}
.badge{display:inline-flex;gap:.4em;align-items:center;font-size:12.5px;font-weight:650;line-height:1;padding:5px 10px;border-radius:99px;white-space:nowrap;background:var(--note-wash);color:var(--note)}
.badge.good{background:var(--good-wash);color:var(--good)}.badge.bad{background:var(--bad-wash);color:var(--bad)}.badge.unsure{background:var(--unsure-wash);color:var(--unsure)}
.code{background:none;padding:0;color:var(--faint)}
.overview,.comparison,.environment{background:var(--paper);border:1px solid var(--line);border-radius:12px;margin-bottom:16px}
.overview ul{padding:4px 0}
.overview li{display:grid;grid-template-columns:minmax(150px,230px) minmax(200px,330px) 1fr;gap:2px 18px;align-items:baseline;padding:8px 18px}
.overview li+li{border-top:1px solid var(--line)}
.overview a{color:inherit;text-decoration:none}
.overview a:hover strong{text-decoration:underline}
.overview .sentence{font-size:13.5px;color:var(--faint);display:-webkit-box;-webkit-line-clamp:2;-webkit-box-orient:vertical;overflow:hidden}
.find{display:block;padding:14px 18px 6px;font-size:13px;color:var(--faint)}
.find input{font:inherit;font-size:14px;color:var(--ink);background:var(--ground);border:1px solid var(--line);border-radius:7px;padding:5px 10px;margin-left:6px;width:min(300px,65%)}
.chips{display:flex;flex-wrap:wrap;gap:4px 12px;font-size:13px;white-space:nowrap}
.comparison{padding:16px 22px 20px}
.comparison h2{margin-bottom:10px}
.environment>summary{display:flex;flex-wrap:wrap;gap:6px 12px;align-items:center;padding:16px 22px;cursor:pointer;list-style:none;border-radius:12px}
.environment>summary::-webkit-details-marker{display:none}
.environment>summary::after{content:"";width:8px;height:8px;border:solid var(--faint);border-width:0 2px 2px 0;transform:rotate(45deg);margin:-4px 4px 0 auto}
.environment[open]>summary::after{transform:rotate(-135deg);margin-top:4px}
.environment>summary .sentence{display:none;flex-basis:100%;font-size:14px;color:var(--faint)}
.environment:not([open])>summary .sentence{display:block;order:9}
.environment>.meta{padding:0 22px 14px}
.environment>.meta button{margin-left:auto}
.environment>section,.environment>article,.environment>.noted{margin:0 22px 22px}
.environment>section{padding-top:20px;border-top:1px solid var(--line)}
.environment>section.card{padding-top:14px}
.environment>section>h3{margin-bottom:12px}
.card{border:1px solid var(--line);border-radius:10px;padding:14px 18px}
.finding{border-left:4px solid var(--bad)}
.finding.bad,.finding.unsure{color:var(--ink)}
.finding.unsure{border-left-color:var(--unsure)}
.finding header{display:flex;flex-wrap:wrap;gap:4px 10px;align-items:center;margin-bottom:8px}
.finding h3{font-size:16px;line-height:1.45;max-width:60em;text-wrap:pretty}
.finding dl{display:grid;grid-template-columns:4.2em 1fr;gap:8px 12px;margin-top:12px}
.finding dt{color:var(--faint);font-size:13.5px;padding-top:1px}
.finding dd{max-width:62em;min-width:0}
.fix{background:var(--good-wash);border-radius:8px;padding:9px 13px}
.fix code{background:var(--paper)}
.seen li{display:flex;flex-wrap:wrap;gap:0 7px;font-size:14px}
.more{margin-top:12px;font-size:13px;color:var(--faint)}
.noted{font-size:14px}
.noted .code{display:inline-block;max-width:100%;overflow:hidden;text-overflow:ellipsis;white-space:nowrap;vertical-align:bottom}
.aside{font-size:13px;color:var(--faint);margin-top:10px}
.unseen{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.alone{position:relative;padding-top:16px}
.environment>.meta+section{padding-top:4px;border-top:0}
.top{padding-bottom:22px}
.since{border-left:4px solid var(--note)}
.since ul{margin-top:6px;font-size:14px}
.since li{display:flex;gap:9px}
.ways .tall{display:none;max-width:420px;margin:0 auto}
.scroll{overflow-x:auto;scrollbar-width:thin}
table{border-collapse:collapse;font-size:14px}
th{font-weight:550;text-align:left}
thead th{color:var(--faint);font-size:13px}
th,td{padding:6px 26px 6px 0;vertical-align:baseline;white-space:nowrap}
tbody tr{border-top:1px solid var(--line)}
.mono{white-space:normal}
th.mono{min-width:11em;font-weight:500}
.claim{font-size:12.5px;font-weight:400;color:var(--faint)}
.reasons{font-size:13px;color:var(--faint);margin-top:8px}
.strips{display:grid;gap:5px;margin-bottom:18px}
.strip{display:grid;grid-template-columns:110px 1fr 76px;gap:12px;align-items:center;font-size:14px}
.strip svg{width:100%;height:14px;border-radius:4px;background:var(--code)}
.strip rect{height:14px}
.strip>:last-child{text-align:right}
.phase0{fill:var(--line);background:var(--line)}.phase1{fill:var(--bar2);background:var(--bar2);opacity:.65}.phase2{fill:var(--bar2);background:var(--bar2)}.phase3{fill:var(--bar);background:var(--bar)}
.phase0{fill:color-mix(in srgb,var(--faint) 38%,var(--code));background:color-mix(in srgb,var(--faint) 38%,var(--code))}
.legend{display:flex;flex-wrap:wrap;gap:2px 16px;font-size:12.5px;color:var(--faint);margin-top:3px}
.legend i{display:inline-block;width:11px;height:11px;border-radius:3px;margin-right:6px;vertical-align:-1px}
.cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,340px),1fr));gap:14px}
.calls{grid-template-columns:repeat(auto-fill,minmax(min(100%,255px),1fr))}
.call{padding:14px 15px 8px}
.browser{font-size:12px;color:var(--faint)}
.pictures{margin-top:9px}
.pictures{display:grid;grid-template-columns:1fr 1fr;gap:10px;margin-bottom:8px}
.pictures img,.dark{display:block;width:100%;height:auto;aspect-ratio:16/9;border-radius:6px;background:#1b1e24;object-fit:cover}
.dark{display:grid;place-items:center;color:#aab2bd;font-size:11.5px;text-align:center}
figcaption{font-size:12px;color:var(--faint);margin-top:3px}
.figures{width:100%;font-size:12.5px;table-layout:fixed}
.figures th,.figures td{padding:4px 4px 4px 0;white-space:normal}
.figures tbody th{color:var(--faint);font-weight:400}
.figures th:first-child,.figures td:first-child{width:42%}
.plots{display:grid;grid-template-columns:1fr 1fr;gap:8px 12px;margin:10px 0 6px}
.plots figcaption{display:flex;justify-content:space-between;flex-wrap:wrap}
.plots svg{display:block;width:100%;height:34px;background:var(--code);border-radius:4px}
.plots path{fill:none;stroke:var(--bar);stroke-width:1.5;stroke-linecap:round;stroke-linejoin:round;vector-effect:non-scaling-stroke}
.plots path.end1{stroke:var(--unsure);stroke-dasharray:3 2}
.plots .legend{grid-column:1/3}
.legend .end0,.legend .end1{height:0;border-top:2px solid var(--bar);background:none;vertical-align:3px}
.legend .end1{border-top:2px dashed var(--unsure)}
.plots.courses{grid-template-columns:repeat(auto-fill,minmax(min(100%,248px),1fr));gap:12px 18px;margin-top:14px}
.course{margin-top:12px}
.course svg{display:block;max-width:100%;height:34px}
.course path.good{fill:var(--good)}.course path.bad{fill:var(--bad)}.course path.unsure{fill:var(--unsure)}
.course rect{fill:transparent}
.streaks{margin-top:12px;font-size:14px}
.streaks li{display:flex;gap:9px}
.streaks b{min-width:.9em}
.gauge,.meter{display:block;width:100%;height:4px;margin-top:3px;border-radius:2px;overflow:hidden}
.gauge rect{height:4px;fill:var(--bar2)}.gauge .at{fill:var(--bar)}.gauge .track{fill:var(--code)}
.waterfall{--label:min(34%,330px);--took:86px;position:relative;font-size:13px}
.axis,.look>summary{display:grid;grid-template-columns:var(--label) 1fr var(--took);gap:12px;align-items:center}
.axis svg{width:100%;overflow:visible}
.axis text{font-size:11px;fill:var(--faint);text-anchor:middle}
.axis text:first-child{text-anchor:start}
.grid{position:absolute;left:calc(var(--label) + 12px);width:calc(100% - var(--label) - var(--took) - 24px);height:100%;pointer-events:none}
.grid line{stroke:var(--line);stroke-width:1}
.look>summary{padding:3px 0;cursor:pointer;list-style:none;border-radius:5px;position:relative}
.look>summary::-webkit-details-marker{display:none}
.look>summary:hover{background:color-mix(in srgb,var(--link) 7%,transparent)}
.look .what{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:12px;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.look .took{text-align:right;color:var(--faint);font-size:12.5px}
.bars{width:100%;height:16px;overflow:visible}
.bars rect{y:5px;height:6px;rx:1px}
.bars .whole{y:2px;height:12px;rx:3px;fill:color-mix(in srgb,var(--bar) 20%,var(--paper))}
.bars .step{fill:var(--bar);stroke:var(--paper);stroke-width:1}
.bars.bad .whole{fill:color-mix(in srgb,var(--bad) 22%,var(--paper))}
.bars.bad .step{fill:var(--bad)}
.bars text{fill:var(--faint);text-anchor:end}
.look[open]{background:var(--box);border-radius:8px;margin:4px 0;padding:4px 10px 10px;position:relative;box-shadow:0 0 0 1px var(--line)}
.look p{margin:6px 0}
pre{margin:6px 0 0;padding:12px;max-height:420px;overflow:auto;background:var(--code);border-radius:8px;font-size:12px;line-height:1.45;white-space:pre-wrap}
.chain{margin-top:10px;display:grid;gap:14px}
.chain li{display:grid;gap:1px;font-size:13.5px}
.chain li+li{padding-left:14px;border-left:2px solid var(--line)}
.meter{height:5px;margin:5px 0 2px}
.meter rect{height:5px;fill:currentColor}.meter .track{fill:var(--line)}
.print{font-size:11.5px}
footer{padding-top:6px;padding-bottom:40px;font-size:12.5px;color:var(--faint)}
#said{position:fixed;left:50%;bottom:24px;transform:translateX(-50%);background:var(--ink);color:var(--paper);border-radius:8px;padding:8px 16px;font-size:14px}
#said:empty{display:none}
[hidden]{display:none!important}
@media screen and (max-width:760px){
.overview li{grid-template-columns:1fr}
.ways .wide{display:none}.ways .tall{display:block}
.environment>summary,.environment>.meta{padding-left:14px;padding-right:14px}
.environment>section,.environment>article,.environment>.noted{margin-left:14px;margin-right:14px}
.environment>.meta button{margin-left:0}
.finding dl{grid-template-columns:1fr;gap:2px}
.finding dd{margin-bottom:8px}
.seal{width:36px;height:36px;font-size:19px}
.head{gap:12px}
.strip{grid-template-columns:74px 1fr 66px;gap:8px;font-size:13px}
.waterfall{--label:0px;--took:76px}
.axis,.look>summary{grid-template-columns:1fr var(--took)}
.axis>:first-child{display:none}
.look .what{grid-column:1/3}
.grid{left:0;width:calc(100% - var(--took) - 12px)}
th,td{padding-right:16px}
}
@page{margin:14mm 12mm}
@media print{
:root{--paper:#fff;--ground:#fff;--box:#fff;--ink:#000;--faint:#444;--line:#ccc;--code:#f2f2f2;--good:#00755a;--bad:#b83300;--unsure:#855400;--good-wash:#eef7f3;--bad-wash:#fdf1ec;--unsure-wash:#fbf5e8;--bar:#3a6fd0;--bar2:#93b4ee;--note:#3f5f96;--note-wash:#edf2fa;--link:#000}
body{font-size:11pt}
*{print-color-adjust:exact;-webkit-print-color-adjust:exact}
.top,main,footer{max-width:none;padding:0}
button,.find,.environment>summary::after,#said{display:none!important}
.card,.strip,.look,.overview li,.ways,.course,.plots,tr,p,.reasons,.chain li{break-inside:avoid}
h2,h3,h4,thead,.environment>summary,.environment>.meta,.strips,.axis{break-after:avoid}
.environment{border:0;border-radius:0;margin:0}
.overview+.environment,.comparison+.environment,.environment+.environment{border-top:2px solid var(--ink);margin-top:22px}
.environment>section{margin-bottom:14px}
.calls{grid-template-columns:1fr 1fr}
.call{padding:9px 12px 5px}
.pictures{grid-template-columns:repeat(2,minmax(0,150px))}
.figures th,.figures td{padding-top:2px;padding-bottom:2px}
.environment>*{margin-left:0!important;margin-right:0!important;padding-left:0!important;padding-right:0!important}
.finding{padding:12px!important}
}
${pictureStyle}`;
