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
        useUTC: true, // as everything else on the pages
        color: hues(),
        textStyle: { color: css("--ink"), fontFamily: "inherit" },
        // Rich text draws on the canvas; the other mode writes markup with inline styles.
        tooltip: {
            trigger: "axis", renderMode: "richText", confine: true,
            backgroundColor: css("--card"), borderColor: css("--line"),
            textStyle: { color: css("--ink"), fontSize: 12 },
            valueFormatter: value => value === null || value === undefined ? "–" : number(value),
        },
        grid: { left: 8, right: 16, top: 36, bottom: 8, containLabel: true },
        legend: { type: "scroll", top: 0, icon: "roundRect", itemWidth: 14, itemHeight: 8, textStyle: { color: css("--ink"), fontSize: 12 }, pageTextStyle: { color: css("--ink") } },
    });
    const axis = more => ({
        axisLine: { lineStyle: { color: css("--line") } },
        axisLabel: { color: css("--dim"), fontSize: 12, hideOverlap: true },
        splitLine: { lineStyle: { color: css("--line") } },
        ...more,
    });
    // In tooltips as in the tables; on axes, where there is little room, with k, M, G and T.
    const number = value => PlainNumber.rounded(value, 6);
    const thousand = value => {
        const size = Math.abs(value);
        for (const [from, unit, word] of [[1e12, 1e12, " T"], [1e9, 1e9, " G"], [1e6, 1e6, " M"], [1e4, 1e3, " k"]]) {
            if (size >= from && size < 1e15) return PlainNumber.rounded(value / unit, 6) + word;
        }
        return number(value);
    };

    // Points of a line with nothing between two that lie apart: there were no samples. Unless the
    // server says what apart is, it is more than three times as long as usual.
    function withHoles(points, gap) {
        const distances = points.slice(1).map((point, i) => point[0] - points[i][0]).sort((a, b) => a - b);
        const most = gap ?? 3.5 * (distances[Math.floor(distances.length / 2)] ?? Infinity);
        return points.flatMap((point, i) =>
            i > 0 && point[0] - points[i - 1][0] > most ? [[points[i - 1][0] + 1, null], point] : [point]);
    }

    // A point with a hole on either side would not be seen: a line of one point is none.
    const visible = points => points.map((point, i) => {
        const alone = point[1] !== null && (points[i - 1]?.[1] ?? null) === null && (points[i + 1]?.[1] ?? null) === null;
        return alone ? { value: point, symbol: "circle" } : point;
    });
    const stroke = points => points.length < 60
        ? { data: points, showSymbol: true, symbol: "emptyCircle", symbolSize: 4 }
        : { data: visible(points), showSymbol: true, symbol: "none", symbolSize: 4 };

    // The least and the most of each step's samples, behind the line of their mean.
    function band(line, hue) {
        if (!line.band) return [];
        const at = line.points.map((point, i) => [point[0], ...line.band[i]]);
        const part = of => withHoles(at.map(point => [point[0], of(point)]), line.gap);
        const same = {
            type: "line", stack: "band " + line.name, stackStrategy: "all", silent: true, symbol: "none",
            lineStyle: { opacity: 0 }, tooltip: { show: false }, emphasis: { disabled: true }, z: 1,
        };
        return [
            { ...same, name: "least of " + line.name, data: part(point => point[1]) },
            { ...same, name: "most of " + line.name, data: part(point => point[2] - point[1]), areaStyle: { color: hue, opacity: 0.16 } },
        ];
    }

    const draw = {
        runs(data) {
            const of = at => withHoles(data.runs.map(run => [run[0], run[at]]));
            const failed = data.runs.filter(run => run[3] !== "ok").map(run => [run[0], run[1]]);
            return {
                ...base(),
                xAxis: axis({ type: "time", splitLine: { show: false } }),
                yAxis: axis({ type: "value", axisLabel: { color: css("--dim"), fontSize: 12, formatter: v => thousand(v) + " ms" } }),
                tooltip: { ...base().tooltip, valueFormatter: value => value === null || value === undefined ? "–" : PlainNumber.rounded(value, 3) + " ms" },
                series: [
                    { name: "duration", type: "line", ...stroke(of(1)) },
                    { name: "lateness", type: "line", ...stroke(of(2)), lineStyle: { type: "dashed" } },
                    { name: "failed", type: "scatter", symbol: "triangle", symbolSize: 9, itemStyle: { color: css("--bad") }, data: failed },
                ],
            };
        },
        series(data) {
            return data.kind === "heat" ? draw.heat(data) : data.kind === "columns" ? draw.columns(data) : draw.lines(data);
        },
        lines(data) {
            const all = hues();
            const plain = data.lines.filter(line => !line.earlier);
            const hue = line => {
                // The line of an earlier time has the colour of the one it is compared with.
                const at = line.earlier ? plain.findIndex(other => line.name.startsWith(other.name)) : plain.indexOf(line);
                return all[Math.max(0, at) % all.length];
            };
            return {
                ...base(),
                legend: { ...base().legend, show: data.lines.length > 1, data: data.lines.map(line => line.name) },
                grid: { ...base().grid, top: data.lines.length > 1 ? 36 : 12 },
                xAxis: axis({ type: "time", min: data.from, max: data.to, splitLine: { show: false } }),
                yAxis: axis({ type: "value", scale: true, axisLabel: { color: css("--dim"), fontSize: 12, formatter: thousand } }),
                series: data.lines.flatMap(line => [...band(line, hue(line)), {
                    name: line.name, type: "line", ...stroke(withHoles(line.points, line.gap)), z: 2,
                    itemStyle: { color: hue(line) },
                    lineStyle: { color: hue(line), width: line.earlier ? 1.5 : 2, type: line.earlier ? "dashed" : "solid", opacity: line.earlier ? 0.75 : 1 },
                }]),
            };
        },
        columns(data) {
            return {
                ...base(),
                legend: { ...base().legend, show: data.lines.length > 1 },
                tooltip: { ...base().tooltip, axisPointer: { type: "shadow" } },
                xAxis: axis({ type: "category", data: data.names, splitLine: { show: false } }),
                yAxis: axis({ type: "value", axisLabel: { color: css("--dim"), fontSize: 12, formatter: thousand } }),
                series: data.lines.map(line => ({ name: line.name, type: "bar", data: line.points, barMaxWidth: 48 })),
            };
        },
        bars(data) {
            const tones = { good: css("--good"), bad: css("--bad"), busy: css("--busy") };
            const pad = data.step / 2;
            // Stacked by their place in the list, so each needs a place for every time.
            const times = [...new Set(data.lines.flatMap(line => line.points.map(point => point[0])))].sort((a, b) => a - b);
            const full = line => { const at = new Map(line.points); return times.map(t => [t + pad, at.get(t) ?? 0]); };
            return {
                ...base(),
                legend: { ...base().legend, show: data.lines.length > 1 },
                grid: { ...base().grid, top: data.lines.length > 1 ? 30 : 10 },
                tooltip: { ...base().tooltip, axisPointer: { type: "shadow" } },
                xAxis: axis({ type: "time", min: data.from, max: data.to, splitLine: { show: false } }),
                yAxis: axis({ type: "value", minInterval: 1, splitNumber: 3, axisLabel: { color: css("--dim"), fontSize: 12, formatter: thousand } }),
                series: data.lines.map(line => ({
                    name: line.name, type: "bar", stack: "all", barWidth: "80%", barMaxWidth: 22, barMinWidth: 2,
                    data: full(line),
                    itemStyle: line.tone in tones ? { color: tones[line.tone] } : {},
                })),
            };
        },
        heat(data) {
            const rows = data.edges.length - 1;
            const most = Math.max(1, ...data.cells.map(cell => cell[2]));
            const time = t => new Date(t).toISOString().slice(11, data.step >= 60000 ? 16 : 19);
            return {
                ...base(),
                legend: { show: false },
                grid: { ...base().grid, top: 12, right: 90 },
                tooltip: {
                    ...base().tooltip, trigger: "item",
                    formatter: at => time(data.times[at.data[0]]) + "\n" + thousand(data.edges[at.data[1]]) + " to "
                        + thousand(data.edges[at.data[1] + 1]) + ": " + number(at.data[2]),
                },
                xAxis: axis({ type: "category", data: data.times.map(time), splitLine: { show: false } }),
                yAxis: axis({ type: "category", data: data.edges.slice(0, rows).map(edge => thousand(Number(edge.toPrecision(4)))), splitLine: { show: false } }),
                visualMap: {
                    min: 0, max: most, calculable: false, orient: "vertical", right: 0, top: "middle", itemHeight: 120,
                    formatter: number, text: [thousand(most), "0"], textStyle: { color: css("--dim") },
                    inRange: { color: dark.matches
                        ? ["#1d3a3a", "#1f6a60", "#48c2ac", "#c9f2a5"]
                        : ["#dcefe9", "#7cc4b4", "#0b6e5f", "#08332d"] },
                },
                series: [{ type: "heatmap", data: data.cells, progressive: 0, emphasis: { itemStyle: { borderColor: css("--ink"), borderWidth: 1 } } }],
            };
        },
    };

    const charts = [];

    async function load(chart) {
        if (chart.box.dataset.values) {
            chart.data = JSON.parse(chart.box.dataset.values);
        } else {
            const fresh = await figures(chart.box.dataset.url);
            if (fresh.error) {
                complain(chart, fresh.error);
                return;
            }
            chart.data = fresh;
            chart.at = Date.now();
            complain(chart, "");
        }
        paint(chart);
    }

    async function figures(url) {
        try {
            const response = await fetch(url, { headers: { Accept: "application/json" } });
            return response.ok ? await response.json() : { error: "The agent answered with HTTP " + response.status + "." };
        } catch {
            return { error: "The agent does not answer." };
        }
    }

    // What was drawn last stays, with its age; an empty frame would say that there is nothing.
    function complain(chart, error) {
        const { box } = chart;
        if (!error && !chart.note) return;
        if (!chart.note) {
            chart.note = document.createElement("p");
            chart.note.className = "note bad";
            chart.note.setAttribute("role", "status");
            box.after(chart.note);
        }
        const age = chart.at ? " What is drawn is of " + Math.round((Date.now() - chart.at) / 1000) + " s ago." : "";
        chart.note.hidden = !error;
        chart.note.textContent = error && error + age;
        box.hidden = Boolean(error) && !chart.at;
        if (error) box.dataset.failed = error; else delete box.dataset.failed;
    }

    function paint(chart) {
        const option = draw[chart.box.dataset.chart](chart.data);
        // What is drawn changes in place; only another kind of chart begins anew.
        chart.view.setOption(option, chart.kind === chart.data.kind ? { replaceMerge: ["series"] } : { notMerge: true });
        chart.kind = chart.data.kind;
        chart.box.dataset.drawn = String(option.series.reduce((sum, line) => sum + line.data.length, 0));
        selectable(chart);
    }

    // A stretch of time marked with the mouse becomes the page's time; links beside the chart do the
    // same without one.
    function selectable(chart) {
        const page = chart.box.dataset.zoom;
        if (!page || chart.zooms || chart.data.kind === "heat") return;
        chart.zooms = true;
        let start = null;
        const canvas = chart.view.getZr();
        const at = event => chart.view.convertFromPixel({ xAxisIndex: 0 }, event.offsetX);
        const mark = (from, to) => chart.view.setOption({ series: [{ markArea: {
            silent: true, itemStyle: { color: css("--accent"), opacity: 0.18 },
            data: from === null ? [] : [[{ xAxis: from }, { xAxis: to }]],
        } }] });
        canvas.on("mousedown", event => { start = at(event); });
        canvas.on("mousemove", event => { if (start !== null) mark(start, at(event)); });
        canvas.on("mouseup", event => {
            const [from, to] = [start, at(event)].sort((a, b) => a - b);
            start = null;
            mark(null);
            if (to - from > Math.max(1000, (chart.data.to - chart.data.from) / 200)) {
                const iso = ms => new Date(ms).toISOString().slice(0, 19);
                const upTo = Math.max(to, from + 10000);
                location.href = page + (page.includes("?") ? "&" : "?") + "from=" + iso(from) + "&to=" + iso(upTo);
            }
        });
        canvas.on("globalout", () => { if (start !== null) { start = null; mark(null); } });
    }

    function begin(root) {
        for (const box of root.querySelectorAll("[data-chart]")) {
            if (echarts.getInstanceByDom(box)) continue;
            const chart = { box, view: echarts.init(box), data: null };
            charts.push(chart);
            new ResizeObserver(() => chart.view.resize()).observe(box);
            load(chart).catch(error => { box.dataset.failed = String(error); });
        }
        for (let i = charts.length - 1; i >= 0; i--) {
            if (!charts[i].box.isConnected) charts.splice(i, 1)[0].view.dispose();
        }
    }
    begin(document);
    document.addEventListener("htmx:afterSettle", () => begin(document));
    dark.addEventListener("change", () => charts.filter(chart => chart.data).forEach(paint));

    const follow = document.getElementById("follow");
    if (follow) {
        setInterval(() => {
            if (!follow.checked || document.hidden) return;
            charts.forEach(chart => load(chart).catch(() => {}));
            const figures = document.getElementById("figures");
            if (figures && !figures.contains(document.activeElement) && !figures.querySelector("details[open]")) {
                htmx.trigger(figures, "refresh");
            }
        }, 5000);
    }

    const csv = value => /[",\n\r]/.test(value) ? '"' + value.replaceAll('"', '""') + '"' : value;
    const copies = {
        sql: data => data.sql,
        json: data => JSON.stringify(data.kind === "heat" ? { times: data.times, edges: data.edges, cells: data.cells } : data.lines),
        csv: data => data.kind === "heat"
            ? "time,from,to,count\n" + data.cells.map(([x, y, n]) =>
                [new Date(data.times[x]).toISOString(), data.edges[y], data.edges[y + 1], n].join(",")).join("\n") + "\n"
            : "time,line,value\n" + data.lines.flatMap(line =>
                line.points.map(([t, v]) => new Date(t).toISOString() + "," + csv(line.name) + "," + (v ?? ""))).join("\n") + "\n",
    };

    async function copy(text) {
        if (navigator.clipboard) {
            try {
                return await navigator.clipboard.writeText(text);
            } catch { /* Not allowed here: the old way may be. */ }
        }
        const area = document.createElement("textarea"); // over plain HTTP from elsewhere there is no clipboard
        area.value = text;
        document.body.append(area);
        const focused = document.activeElement;
        area.select();
        const done = document.execCommand("copy");
        area.remove();
        focused?.focus();
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

    // The live tail: new rows come in at the top, as many as fit a page of a few screens; what
    // somebody reads stays as it is, and while paused they wait.
    const tail = document.getElementById("tail");
    if (tail) {
        const rows = document.getElementById("rows");
        const said = document.getElementById("tailing");
        const MOST = 300;
        let source = null;
        let after = "";
        let count = 0;
        let left = 0;
        const tell = () => {
            said.textContent = source ? "live: " + count + " new" + (left ? ", " + left + " came too fast to be shown" : "") : count ? "paused after " + count + " new" : "";
        };
        const stop = () => { source?.close(); source = null; };
        const start = () => {
            const url = new URL(tail.dataset.url, location.href);
            if (after) url.searchParams.set("after", after);
            source = new EventSource(url);
            source.addEventListener("rows", event => {
                after = event.lastEventId;
                const part = document.createElement("template");
                part.innerHTML = event.data;
                const fresh = [...part.content.querySelectorAll("tr")];
                fresh.forEach(row => row.classList.add("fresh"));
                // What is in view stays where it is.
                const height = document.documentElement.scrollHeight;
                rows.prepend(...fresh);
                const above = rows.getBoundingClientRect().top < 0;
                while (rows.rows.length > MOST) rows.lastElementChild.remove();
                if (above) scrollBy(0, document.documentElement.scrollHeight - height);
                count += fresh.length;
                tell();
                charts.forEach(chart => load(chart).catch(() => {}));
            });
            source.addEventListener("left", event => { left += Number(event.data); tell(); });
            source.addEventListener("failed", event => {
                stop();
                said.textContent = event.data;
                tail.setAttribute("aria-pressed", "false");
                tail.textContent = "Live tail";
            });
            source.onerror = () => {
                if (source && source.readyState === EventSource.CLOSED) said.textContent = "the agent refused; try again later";
            };
        };
        tail.addEventListener("click", () => {
            if (source) stop(); else start();
            tail.setAttribute("aria-pressed", String(Boolean(source)));
            tail.textContent = source ? "Pause" : "Live tail";
            tell();
        });
        addEventListener("pagehide", stop);
    }

    // The console: Ctrl+Enter runs, and what runs can be cancelled.
    const consoleForm = document.getElementById("console");
    if (consoleForm) {
        consoleForm.elements.sql.addEventListener("keydown", event => {
            if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
                event.preventDefault();
                consoleForm.requestSubmit(document.getElementById("start"));
            }
        });
        document.getElementById("download").addEventListener("click", event => {
            // A download is no part of this page: it goes the way of a form.
            event.preventDefault();
            const away = document.createElement("form");
            away.method = "post";
            away.action = "/ui/sql.csv";
            const field = document.createElement("input");
            field.type = "hidden";
            field.name = "sql";
            field.value = consoleForm.elements.sql.value;
            away.append(field);
            document.body.append(away);
            away.submit();
            away.remove();
        });
        // Each run has a name of its own, so that no cancellation is for another one.
        document.addEventListener("htmx:afterRequest", event => {
            if (event.target === consoleForm) {
                consoleForm.elements.run.value = Date.now().toString(36) + Math.random().toString(36);
            }
        });
        document.getElementById("cancel").addEventListener("click", () => {
            fetch("/ui/sql/cancel", { method: "POST", body: new URLSearchParams({ run: consoleForm.elements.run.value }) });
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
