// What pages that change something need: copying a text, and live parts over server-sent events.
(() => {
    "use strict";

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

    // Also for parts that come later.
    document.addEventListener("click", event => {
        const button = event.target.closest("[data-copytext]");
        if (!button) return;
        const said = button.dataset.said || (button.dataset.said = button.textContent);
        copy(document.getElementById(button.dataset.copytext).textContent).then(
            () => { button.textContent = "Copied"; },
            error => { button.textContent = "Not copied: " + error.message; });
        setTimeout(() => { button.textContent = said; }, 2000);
    });

    // Makes `old` like `fresh` by changing what differs, so that nothing flickers, and focus, marked
    // text and opened details stay.
    function morph(old, fresh) {
        if (old.nodeType !== fresh.nodeType || old.nodeName !== fresh.nodeName) {
            old.replaceWith(fresh);
            return;
        }
        if (old.nodeType !== Node.ELEMENT_NODE) {
            if (old.nodeValue !== fresh.nodeValue) old.nodeValue = fresh.nodeValue;
            return;
        }
        for (const { name } of [...old.attributes]) {
            if (!fresh.hasAttribute(name) && !(old.nodeName === "DETAILS" && name === "open")) old.removeAttribute(name);
        }
        for (const { name, value } of fresh.attributes) {
            if (old.getAttribute(name) !== value) old.setAttribute(name, value);
        }
        morphChildren(old, fresh);
    }

    function morphChildren(old, fresh) {
        const wanted = [...fresh.childNodes];
        while (old.childNodes.length > wanted.length) old.lastChild.remove();
        wanted.forEach((node, i) => {
            if (i < old.childNodes.length) morph(old.childNodes[i], node);
            else old.append(node);
        });
    }

    // <div data-stream="/ui/live/stream">: each event is the part's new content. Nothing is asked for
    // while nobody looks; the browser connects again by itself.
    for (const part of document.querySelectorAll("[data-stream]")) {
        let source = null;
        const open = () => {
            if (source || document.hidden) return;
            source = new EventSource(part.dataset.stream);
            source.addEventListener("part", event => {
                const fresh = document.createElement("template");
                fresh.innerHTML = event.data;
                morphChildren(part, fresh.content);
                part.dataset.events = String(Number(part.dataset.events || 0) + 1);
            });
        };
        const close = () => {
            if (source) source.close();
            source = null;
        };
        document.addEventListener("visibilitychange", () => document.hidden ? close() : open());
        addEventListener("pagehide", close);
        open();
    }
})();
