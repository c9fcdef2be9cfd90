// An open complaint first, then who of us last spoke with them, when, and what they wanted.

import { Complaint, type Card, type Contact } from "../../dist/gen/regulars/v1/desk_pb.ts";
import { when } from "../format.ts";
import { t } from "../texts.ts";

export function Contacts({ card }: { card: Card }) {
  const now = new Date();
  const complaint = card.openComplaint;
  const others = card.lastContacts.filter((contact) => !isSame(contact, complaint)).slice(0, 3);
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
          <p class="complaint-advice">{t.complaintAdvice}</p>
        </section>
      )}
      <section class="contacts" aria-labelledby="contacts">
        <h3 id="contacts">{t.lastContacts}</h3>
        {others.length === 0 && <p class="aside">{t.noContacts}</p>}
        <ul>
          {others.map((contact, index) => (
            <li key={index}>
              <span class="contact-when">{when(contact.at, now)}</span>
              <span class="contact-what">
                {contact.wanted}
                {contact.complaint === Complaint.RESOLVED && <em class="tag">{t.resolved}</em>}
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

function isSame(a: Contact, b: Contact | undefined): boolean {
  return b !== undefined && a.at?.seconds === b.at?.seconds && a.at?.nanos === b.at?.nanos && a.wanted === b.wanted;
}
