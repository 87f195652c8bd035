// Draws a card with Microsoft's renderer; what only Teams knows (charts, bars, badges) gets a stand-in.
"use strict";
(() => {
  const AC = window.AdaptiveCards;
  const markdown = window.markdownit();
  AC.AdaptiveCard.onProcessMarkdown = (text, result) => {
    result.outputHtml = markdown.render(text);
    result.didProcess = true;
  };

  const HUES = [
    [/good|green|teal/i, "#2e9e5b"],
    [/attention|red/i, "#d74654"],
    [/warning|yellow|orange|marigold/i, "#d08700"],
    [/neutral|grey|gray/i, "#8a8886"],
    [/lightblue/i, "#3a96dd"],
  ];
  const PALETTE = ["#5b6fd6", "#2e9e5b", "#d08700", "#b14fb4"];
  const hue = (name, index = 0) =>
    (HUES.find(([pattern]) => pattern.test(name || "")) || [null, PALETTE[index % PALETTE.length]])[1];
  const figure = (value) => Number(value).toLocaleString("ja-JP");
  const share = (value, whole) => `${whole ? Math.max(0, Math.min(100, (100 * value) / whole)) : 0}%`;

  function made(name, style = "", text = "") {
    const element = document.createElement("div");
    element.className = name;
    element.style.cssText = style;
    element.textContent = text;
    return element;
  }

  function track(value, whole, colour) {
    const outer = made("track");
    outer.append(made("fill", `width:${share(value, whole)};${colour ? `background:${colour}` : ""}`));
    return outer;
  }

  function rows(points) {
    const whole = Math.max(...points.map((point) => point.value), 0);
    return points.map((point, index) => {
      const row = made("row", "", `${point.label}　${figure(point.value)}`);
      row.append(track(point.value, whole, hue(point.colour, index * (point.vary ? 1 : 0))));
      return row;
    });
  }

  // Each kind of chart as rows of {label, value, colour}; a chart over time is drawn as lines instead.
  const READ = {
    "Chart.HorizontalBar": (chart) =>
      chart.data.map((each) => ({ label: each.x, value: each.y, colour: each.color || chart.color })),
    "Chart.VerticalBar": (chart) => READ["Chart.HorizontalBar"](chart),
    "Chart.VerticalBar.Grouped": (chart) =>
      chart.data.flatMap((line) =>
        line.values.map((each) => ({ label: `${each.x} ${line.legend}`, value: each.y, colour: line.color })),
      ),
    "Chart.HorizontalBar.Stacked": (chart) =>
      chart.data.flatMap((bar) =>
        bar.data.map((each) => ({ label: `${bar.title} ${each.legend}`, value: each.value, colour: each.color })),
      ),
    "Chart.Donut": (chart) =>
      chart.data.map((each) => ({ label: each.legend, value: each.value, colour: each.color, vary: true })),
    "Chart.Pie": (chart) => READ["Chart.Donut"](chart),
    "Chart.Gauge": (chart) => [
      { label: chart.title || "", value: chart.value },
      ...(chart.segments || []).map((each) => ({ label: each.legend, value: each.size, colour: each.color })),
    ],
  };

  function lines(chart) {
    const spots = chart.data.flatMap((line) => line.values);
    // As in Teams: a scale of time only where every x is a number or a date, else one step for each x.
    const scaled = spots.every((spot) => typeof spot.x === "number" || /^\d{4}-\d{2}-\d{2}$/.test(spot.x));
    const steps = [...new Set(spots.map((spot) => spot.x))];
    const value = (x) => (scaled ? (typeof x === "number" ? x : Date.parse(x)) : steps.indexOf(x));
    const [first, last] = [Math.min, Math.max].map((pick) => pick(...spots.map((spot) => value(spot.x))));
    const low = chart.yMin ?? 0;
    const high = chart.yMax ?? Math.max(...spots.map((spot) => spot.y), low + 1);
    const place = (spot) => [
      10 + (480 * (value(spot.x) - first)) / (last - first || 1),
      150 - (140 * (spot.y - low)) / (high - low || 1),
    ];
    const drawn = chart.data.map((line, index) => {
      const colour = hue(line.color, index);
      const marks = line.values.map(place);
      const dots = marks.map(([x, y]) => `<circle cx="${x}" cy="${y}" r="4" fill="${colour}"/>`).join("");
      const dashes = index ? ` stroke-dasharray="${4 + 4 * index} 4"` : "";
      const path = marks.map((mark) => mark.join(",")).join(" ");
      return `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="3"${dashes}/>${dots}`;
    });
    const axis = '<path d="M5 150H495" stroke="currentColor" stroke-opacity=".4"/>';
    const box = made("");
    box.innerHTML = `<svg viewBox="0 0 500 160" preserveAspectRatio="none">${axis}${drawn.join("")}</svg>`;
    const legends = chart.data.map((line, index) =>
      made("", `border-left:12px solid ${hue(line.color, index)};padding-left:6px`, line.legend),
    );
    return [box, ...legends];
  }

  const DRAW = {
    ProgressBar: (bar) => [track(bar.value ?? 0, bar.max ?? 100)],
    Badge: (badge) => [made("badge", "", badge.text || "")],
    "Chart.Line": lines,
    ...Object.fromEntries(Object.entries(READ).map(([type, read]) => [type, (chart) => rows(read(chart))])),
  };

  const registry = new AC.CardObjectRegistry();
  AC.GlobalRegistry.elements.copyTo(registry);
  for (const [type, draw] of Object.entries(DRAW)) {
    registry.register(
      type,
      class extends AC.CardElement {
        getJsonTypeName() {
          return type;
        }
        internalParse(source, context) {
          super.internalParse(source, context);
          this.source = source;
        }
        internalRender() {
          const element = made("standin");
          if (this.source.title && this.source.showTitle) element.append(made("", "", this.source.title));
          element.append(...draw(this.source));
          return element;
        }
      },
      AC.Versions.v1_0,
    );
  }

  // Returns what the renderer has to say against the card.
  window.draw = (card, hostConfig) => {
    const context = new AC.SerializationContext();
    context.setElementRegistry(registry);
    const drawn = new AC.AdaptiveCard();
    drawn.hostConfig = new AC.HostConfig(hostConfig);
    drawn.parse(card, context);
    document.getElementById("card").replaceChildren(drawn.render());
    const said = Array.from({ length: context.eventCount }, (_, index) => context.getEventAt(index).message);
    // The renderer tests lang with a pattern that remembers its last place: it refuses "ja" every second time.
    return said.filter((message) => message !== 'Invalid value "ja" for property "lang".');
  };
})();
