// Looks at the drawn card as a person would: what is cut off, what cannot be read, what is too far down.
"use strict";
(() => {
  const LEAST_CONTRAST = 4.5;
  const SLACK = 1; // pixels: browsers round
  // What the gallery itself drew, what the browser draws, and the star of a required field: no card chooses it.
  const NOT_OF_THE_CARD = ".standin, select, [aria-hidden=true]";

  const card = () => document.getElementById("card");
  const shorten = (text) => {
    const line = text.replace(/\s+/g, " ").trim();
    return line.length > 30 ? `${line.slice(0, 29)}…` : line;
  };

  function* texts() {
    const walker = document.createTreeWalker(card(), NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const node = walker.currentNode;
      const parent = node.parentElement;
      if (!node.data.trim() || parent.closest(NOT_OF_THE_CARD) || !parent.checkVisibility()) continue;
      const range = document.createRange();
      range.selectNodeContents(node);
      const boxes = [...range.getClientRects()].filter((box) => box.width > 0);
      if (boxes.length) yield { text: shorten(node.data), parent, boxes };
    }
  }

  function* ancestors(element) {
    for (let each = element; each && each !== document.body; each = each.parentElement) yield each;
  }

  // Text outside of the box that it belongs to, or hidden by a box that cuts.
  function* cutOff() {
    for (const { text, parent, boxes } of texts()) {
      const left = Math.min(...boxes.map((box) => box.left));
      const right = Math.max(...boxes.map((box) => box.right));
      const bottom = Math.max(...boxes.map((box) => box.bottom));
      for (const each of ancestors(parent)) {
        const style = getComputedStyle(each);
        if (style.display.startsWith("inline") && style.overflowX === "visible") continue;
        const box = each.getBoundingClientRect();
        const sideways = right > box.right + SLACK || left < box.left - SLACK;
        const below = style.overflowY !== "visible" && bottom > box.bottom + 2 * SLACK;
        if (!sideways && !below) continue;
        yield each.closest(".ac-pushButton") ? `the button's label is cut: ${text}` : `text is cut off or overflows: ${text}`;
        break;
      }
    }
    const frame = card().getBoundingClientRect();
    for (const each of card().querySelectorAll("*")) {
      const box = each.getBoundingClientRect();
      if (box.width && (box.right > frame.right + SLACK || box.left < frame.left - SLACK)) {
        yield `${each.tagName.toLowerCase()} is wider than the card: ${shorten(each.textContent)}`;
        break;
      }
    }
  }

  // A placeholder is read while the field is empty; a value can be scrolled.
  function* placeholders() {
    const pen = document.createElement("canvas").getContext("2d");
    for (const field of card().querySelectorAll("input[placeholder]")) {
      const style = getComputedStyle(field);
      const room = field.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
      pen.font = style.font;
      const cut = pen.measureText(field.placeholder).width > room + SLACK;
      if (field.checkVisibility() && cut) yield `the placeholder is cut: ${shorten(field.placeholder)}`;
    }
  }

  function colour(css) {
    const [red, green, blue, alpha = 1] = css.match(/[\d.]+/g).map(Number);
    return { red, green, blue, alpha };
  }

  function over(top, below) {
    const mix = (name) => top[name] * top.alpha + below[name] * (1 - top.alpha);
    return { red: mix("red"), green: mix("green"), blue: mix("blue"), alpha: 1 };
  }

  function luminance({ red, green, blue }) {
    const [r, g, b] = [red, green, blue].map((value) => {
      const part = value / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  }

  function background(element) {
    const layers = [...ancestors(element)].map((each) => colour(getComputedStyle(each).backgroundColor));
    return layers.reverse().reduce((below, top) => over(top, below), { red: 255, green: 255, blue: 255, alpha: 1 });
  }

  function contrast(element, css) {
    const behind = background(element);
    const front = colour(css);
    for (const each of ancestors(element)) front.alpha *= Number(getComputedStyle(each).opacity);
    const [dark, light] = [luminance(over(front, behind)), luminance(behind)].sort((a, b) => a - b);
    return (light + 0.05) / (dark + 0.05);
  }

  function* pale() {
    for (const { text, parent } of texts()) {
      const found = contrast(parent, getComputedStyle(parent).color);
      if (found < LEAST_CONTRAST) yield `contrast ${found.toFixed(2)}: ${text}`;
    }
    for (const field of card().querySelectorAll("input, textarea, select")) {
      if (!field.checkVisibility() || ["checkbox", "radio"].includes(field.type)) continue;
      for (const part of field.placeholder ? [null, "::placeholder"] : [null]) {
        const found = contrast(field, getComputedStyle(field, part).color);
        if (found < LEAST_CONTRAST) yield `contrast ${found.toFixed(2)} in a field: ${shorten(field.placeholder || "")}`;
      }
    }
  }

  // The button that a person is asked to press must be on the first screen.
  function* tooFarDown({ label, pixels }) {
    for (const button of card().querySelectorAll(".ac-pushButton.style-positive")) {
      if (button.textContent.trim() !== label) continue;
      const bottom = button.getBoundingClientRect().bottom - card().getBoundingClientRect().top;
      if (bottom > pixels) yield `${label} ends at ${Math.ceil(bottom)} px, below the first ${pixels}`;
    }
  }

  window.look = (first) => [
    ...new Set([...cutOff(), ...placeholders(), ...pale(), ...(first ? tooFarDown(first) : [])]),
  ];
})();
