// An open complaint first, then who of us last spoke with them, when, and what they wanted.

import { Complaint, type Card, type Contact } from "../../dist/gen/regulars/v1/desk_pb.ts";
import { when } from "../format.ts";
import { t } from "../texts.ts";

export function Contacts({ card }: { card: Card }) {
  const now = new Date();
  const complaint = card.openComplaint;
  const [newest] = card.lastContacts;
  // The complaint above says it already, or the sentence does.
  const said = isSame(newest, complaint) ? undefined : newest;
  const others = card.lastContacts
    .filter((contact) => !isSame(contact, complaint) && contact !== said)
    .slice(0, complaint ? 1 : 3);
  return (
    <>
      {complaint && (
        <section class="complaint" aria-labelledby="complaint">
          <h3 id="complaint">
            {t.complaint}
            <span class="complaint-when">
              {when(complaint.at, now)}
              {complaint.agent && <>, {t.complaintWith(complaint.agent)}</>}
            </span>
          </h3>
          <p class="complaint-what">{complaint.wanted}</p>
          {complaint.stillOpen && <p>{t.toBeDone(complaint.stillOpen)}</p>}
        </section>
      )}
      <section class="contacts" aria-labelledby="contacts">
        <h3 id="contacts">{t.lastContacts}</h3>
        {said && (
          <p class="last-contact">
            {card.lastContact}
            <More contact={said} />
          </p>
        )}
        {card.lastContacts.length === 0 && <p class="aside">{t.noContacts}</p>}
        <ul>
          {others.map((contact, index) => (
            <li key={index}>
              <span class="contact-when">{when(contact.at, now)}</span>
              <span class="contact-what">
                {contact.wanted}
                {contact.complaint === Complaint.RESOLVED && <em class="tag">{t.resolved}</em>}
                {(contact.stillOpen || contact.complaint === Complaint.OPEN) && <em class="tag">{t.open}</em>}
                {contact.stillOpen && ` ${t.toBeDone(contact.stillOpen)}`}
                <More contact={contact} />
              </span>
              <span class="contact-who">
                {[contact.agent, t.channels[contact.channel]].filter(Boolean).join(", ")}
              </span>
            </li>
          ))}
        </ul>
      </section>
    </>
  );
}

/** What else was noted: looked at, mentioned. */
function More({ contact }: { contact: Contact }) {
  const notes = [
    contact.itemsConsidered.length > 0 && t.considered(contact.itemsConsidered.join(", ")),
    contact.competitor && t.mentioned(contact.competitor),
  ].filter(Boolean);
  return notes.length > 0 ? <small>{notes.join(" ")}</small> : null;
}

function isSame(a: Contact | undefined, b: Contact | undefined): boolean {
  return a !== undefined && b !== undefined && a.at?.seconds === b.at?.seconds && a.at?.nanos === b.at?.nanos && a.wanted === b.wanted;
}
