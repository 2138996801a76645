/**
 * How outstanding offers end. Apart from offers.ts, which makes them, because world.ts ends offers when it launches tasks.
 */
import type { Agent, Framework, Offer } from './model.ts';

/** Ends an agent's offer, if there is one. `taker`: the framework that launches there, which may have taken it. */
export function withdraw({ offer }: Agent, taker?: Framework): void {
  if (offer !== undefined) {
    endOffer(offer);
    if (offer.framework !== taker) {
      offer.framework.counters.rescinded++;
    }
  }
}

/** Removes an offer from its framework and its agent. */
export function endOffer(offer: Offer): void {
  offer.framework.offers.delete(offer);
  offer.agent.offer = undefined;
  offer.agent.version++;
}
