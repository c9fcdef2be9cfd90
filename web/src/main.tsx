import "@fontsource-variable/atkinson-hyperlegible-next/wght.css";
import "./styles/tokens.css";
import "./styles/desk.css";
import "./styles/person.css";
import "./styles/ticket.css";
import "./styles/consent.css";
import { render } from "preact";
import { connect } from "./connection.ts";
import { App } from "./parts/App.tsx";
import { Store } from "./store.ts";

const root = document.getElementById("desk");
if (root) {
  const store = new Store(connect());
  render(<App store={store} />, root);
  store.start();
}
