// One message as a bubble. Everything that people wrote becomes text, never markup.

const KIND_NAMES = {
  image: "Foto",
  video: "Vídeo",
  audio: "Audio",
  document: "Documento",
  sticker: "Sticker",
  location: "Ubicación",
  contacts: "Contacto",
  reaction: "Reacción",
  template: "Plantilla",
  unsupported: "Archivo demasiado grande o mensaje no admitido",
};
const STATES = {
  sent: ["Enviado", 1],
  delivered: ["Entregado", 2],
  read: ["Leído", 2],
};
const SVG = "http://www.w3.org/2000/svg";

function element(name, className, words) {
  const made = document.createElement(name);
  made.className = className;
  if (words !== undefined) {
    made.textContent = words;
  }
  return made;
}

// What a message is called where it is quoted.
export function summary(message) {
  const kind = KIND_NAMES[message.type] ?? message.type;
  const words = message.text ?? message.filename;
  if (message.type === "text") {
    return words ?? "";
  }
  return words ? `${kind}: ${words}` : kind;
}

function ticks(status) {
  const [words, count] = STATES[status];
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 18 12");
  svg.setAttribute("class", `ticks ${status}`);
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", words);
  for (let tick = 0; tick < count; tick += 1) {
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("d", `M${1 + tick * 5} 6.5l3 3 7-8`);
    svg.append(path);
  }
  return svg;
}

function meta(message) {
  const line = element("p", "meta");
  const time = element("time", "");
  time.dateTime = message.at;
  time.textContent = new Date(message.at).toLocaleTimeString("es", {
    hour: "2-digit",
    minute: "2-digit",
  });
  line.append(time);
  if (message.status) {
    line.append(ticks(message.status));
  }
  return line;
}

function marks(message, quoted) {
  const context = message.context ?? {};
  const found = [];
  if (context.frequently_forwarded) {
    found.push(element("p", "mark", "⇉ Reenviado muchas veces"));
  } else if (context.forwarded) {
    found.push(element("p", "mark", "→ Reenviado"));
  }
  if (context.id || context.message_id) {
    const words = quoted ? summary(quoted) : "un mensaje que no está en este teléfono";
    found.push(element("blockquote", "", words));
  }
  return found;
}

function player(message, url) {
  if (message.type === "image" || message.type === "sticker") {
    const picture = element("img", message.type);
    picture.src = url;
    picture.alt = KIND_NAMES[message.type];
    return picture;
  }
  const made = element(message.type, "");
  made.controls = true;
  made.preload = "metadata";
  made.src = url;
  return made;
}

function attachment(message) {
  if (!message.media_id) {
    return [];
  }
  const url = `/simulator/media/${message.media_id}`;
  if (message.type !== "document") {
    return [player(message, url)];
  }
  const link = element("a", "file", message.filename ?? "Documento sin nombre");
  link.href = url;
  link.download = message.filename ?? "";
  const details = element("small", "", message.mime_type ?? "");
  link.append(details);
  return [link];
}

function words(message) {
  if (message.type === "template") {
    const parts = message.content.components?.flatMap((part) => part.parameters) ?? [];
    return [message.content.name, ...parts.map((part) => part.text)].join(" · ");
  }
  if (message.type === "reaction") {
    return message.content?.emoji ?? "";
  }
  const shown = message.text ?? message.content?.link;
  return shown ?? (message.media_id ? "" : `[${KIND_NAMES[message.type] ?? message.type}]`);
}

// Give the list item of a message; `quoted` is the message it answers to, if this phone has it.
export function showMessage(message, quoted, reply) {
  const item = element("li", message.direction);
  item.dataset.id = message.id;
  const bubble = element("div", "bubble");
  bubble.append(element("span", "unseen", message.direction === "inbound" ? "Yo:" : "Ventanilla:"));
  bubble.append(...marks(message, quoted), ...attachment(message));
  const text = words(message);
  if (text) {
    bubble.append(element("p", "words", text));
  }
  bubble.append(meta(message));
  const answer = element("button", "reply", "↩");
  answer.type = "button";
  answer.setAttribute("aria-label", `Responder a: ${summary(message)}`);
  answer.addEventListener("click", reply);
  item.append(bubble, answer);
  return item;
}
