import "@fontsource-variable/atkinson-hyperlegible-next/wght.css";
import "./styles/tokens.css";
import "./styles/desk.css";
import "./styles/person.css";
import "./styles/ticket.css";
import "./styles/consent.css";
import "./styles/supervisor.css";
import { render } from "preact";
import { Accuracy } from "./accuracy.ts";
import { connect, connectSupervisor } from "./connection.ts";
import { App } from "./parts/App.tsx";
import { Supervisor } from "./parts/Supervisor.tsx";
import { Store } from "./store.ts";

const root = document.getElementById("desk");
if (root && location.pathname === "/supervisor") {
  const accuracy = new Accuracy(connectSupervisor());
  render(<Supervisor accuracy={accuracy} />, root);
  accuracy.start();
} else if (root) {
  const store = new Store(connect());
  render(<App store={store} />, root);
  store.start();
}
