// Charts, copying and the few habits of live parts. No evaluation, no inline styles in markup: the
// pages' Content-Security-Policy allows neither.
(() => {
    "use strict";

    const css = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
    const dark = matchMedia("(prefers-color-scheme: dark)");
    const hues = () => dark.matches
        ? ["#48c2ac", "#76c1ec", "#f2c46b", "#ff9d94", "#c5a3f5", "#9ad46b", "#f29ac8", "#b0bec5"]
        : ["#0b6e5f", "#1769aa", "#9a5b00", "#b3261e", "#6a3fb5", "#3f6d12", "#a8326e", "#4a5a63"];

    const base = () => ({
        animation: false,
        color: hues(),
        textStyle: { color: css("--ink"), fontFamily: "inherit" },
        // Rich text draws on the canvas; the other mode writes markup with inline styles.
        tooltip: {
            trigger: "axis", renderMode: "richText", confine: true,
            backgroundColor: css("--card"), borderColor: css("--line"),
            textStyle: { color: css("--ink"), fontSize: 12 },
        },
        grid: { left: 8, right: 16, top: 36, bottom: 8, containLabel: true },
        legend: { type: "scroll", top: 0, textStyle: { color: css("--ink") }, pageTextStyle: { color: css("--ink") } },
    });
    const axis = more => ({
        axisLine: { lineStyle: { color: css("--line") } },
        axisLabel: { color: css("--dim"), hideOverlap: true },
        splitLine: { lineStyle: { color: css("--line") } },
        ...more,
    });
    const short = value => value === 0 ? "0" : Math.abs(value) >= 1e4 || Math.abs(value) < 1e-2
        ? Number(value.toPrecision(3)).toExponential().replace("e+", "e")
        : String(Number(value.toPrecision(4)));
    const thousand = value => {
        const size = Math.abs(value);
        if (size >= 1e12) return short(value / 1e12) + " T";
        if (size >= 1e9) return short(value / 1e9) + " G";
        if (size >= 1e6) return short(value / 1e6) + " M";
        if (size >= 1e4) return short(value / 1e3) + " k";
        return short(value);
    };

    const draw = {
        runs(data) {
            const of = at => data.runs.map(run => [run[0], run[at]]);
            const failed = data.runs.filter(run => run[3] !== "ok").map(run => [run[0], run[1]]);
            return {
                ...base(),
                xAxis: axis({ type: "time", splitLine: { show: false } }),
                yAxis: axis({ type: "value", axisLabel: { color: css("--dim"), formatter: v => thousand(v) + " ms" } }),
                series: [
                    { name: "duration", type: "line", showSymbol: data.runs.length < 3, data: of(1) },
                    { name: "lateness", type: "line", showSymbol: data.runs.length < 3, data: of(2), lineStyle: { type: "dashed" } },
                    { name: "failed", type: "scatter", symbol: "triangle", symbolSize: 9, itemStyle: { color: css("--bad") }, data: failed },
                ],
            };
        },
        series(data) {
            return {
                ...base(),
                xAxis: axis({ type: "time", min: data.from, max: data.to, splitLine: { show: false } }),
                yAxis: axis({ type: "value", scale: true, axisLabel: { color: css("--dim"), formatter: thousand } }),
                series: data.lines.map(line => ({
                    name: line.name, type: "line", showSymbol: line.points.length < 60, symbolSize: 4, data: line.points,
                })),
            };
        },
    };

    const charts = [];

    async function load(chart) {
        const response = await fetch(chart.box.dataset.url, { headers: { Accept: "application/json" } });
        if (!response.ok) throw new Error("HTTP " + response.status);
        chart.data = await response.json();
        paint(chart);
    }

    function paint(chart) {
        const option = draw[chart.box.dataset.chart](chart.data);
        chart.view.setOption(option, { replaceMerge: ["series"] });
        chart.box.dataset.drawn = String(option.series.reduce((sum, line) => sum + line.data.length, 0));
    }

    for (const box of document.querySelectorAll("[data-chart]")) {
        const chart = { box, view: echarts.init(box), data: null };
        charts.push(chart);
        new ResizeObserver(() => chart.view.resize()).observe(box);
        load(chart).catch(error => { box.dataset.failed = String(error); });
    }
    dark.addEventListener("change", () => charts.filter(chart => chart.data).forEach(paint));

    const follow = document.getElementById("follow");
    if (follow) {
        setInterval(() => {
            if (follow.checked && !document.hidden) charts.forEach(chart => load(chart).catch(() => {}));
        }, 5000);
    }

    const csv = value => /[",\n\r]/.test(value) ? '"' + value.replaceAll('"', '""') + '"' : value;
    const copies = {
        sql: data => data.sql,
        json: data => JSON.stringify(data.lines),
        csv: data => "time,line,value\n" + data.lines.flatMap(line =>
            line.points.map(([t, v]) => new Date(t).toISOString() + "," + csv(line.name) + "," + (v ?? ""))).join("\n") + "\n",
    };

    async function copy(text) {
        if (navigator.clipboard) return navigator.clipboard.writeText(text);
        const area = document.createElement("textarea"); // over plain HTTP from elsewhere there is no clipboard
        area.value = text;
        document.body.append(area);
        area.select();
        const done = document.execCommand("copy");
        area.remove();
        if (!done) throw new Error("the browser refused");
    }

    for (const button of document.querySelectorAll("[data-copy]")) {
        button.addEventListener("click", () => {
            const said = document.getElementById("copied");
            const data = charts[0] && charts[0].data;
            if (!data) return;
            copy(copies[button.dataset.copy](data)).then(
                () => { said.textContent = "copied"; },
                error => { said.textContent = "not copied: " + error.message; });
        });
    }

    // A live part waits while nobody looks, or while somebody marks text in it.
    document.addEventListener("htmx:beforeRequest", event => {
        const part = event.target;
        if (part.id !== "live") return;
        const marked = getSelection();
        if (document.hidden || (marked && !marked.isCollapsed && part.contains(marked.anchorNode))
            || part.querySelector("details[open]")) {
            event.preventDefault();
        }
    });
})();
