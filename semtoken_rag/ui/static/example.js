// Three texts and a question that needs two of them.

export const EXAMPLE = {
  query: "In which town was the engineer of the Morwen lighthouse born?",
  percent: 30,
  documents: [
    {
      title: "Morwen lighthouse",
      text: `The Morwen lighthouse stands on a rock a mile off the coast. It was built between 1871 and 1875, after three ships were lost on the rock in one winter. Its engineer was Ada Brannock, who had never built at sea before.

The tower is 41 metres tall and made of granite. Each block is dovetailed into its neighbours, so that no wave can lift one alone. The lamp burned oil until 1926, when a cable was laid from the shore. Keepers lived in the tower until 1988. The light can be seen from 21 nautical miles away.

Boats take visitors around the rock in summer. Landing is not allowed, since seals rest on the steps.`,
    },
    {
      title: "Ada Brannock",
      text: `Ada Brannock was an engineer of bridges and lights. She was born in Tolverne in 1838, the daughter of a miller, and learned to draw in her father's mill.

Her first work was a footbridge of iron, which still stands. She answered the call for a light on the rock against eleven others, and won because her plan needed no scaffold in the water. She wrote two books on foundations and a cookery book, which sold better than both.

She died in 1909 and left her house to the town, which made it a school.`,
    },
    {
      title: "Keeping a light",
      text: `A keeper's day began before dusk. The wick was trimmed, the lens polished with spirit and chalk, and the clockwork wound by hand every four hours.

| duty | how often |
| --- | --- |
| wind the clockwork | every 4 hours |
| trim the wick | every evening |
| paint the gallery | every spring |

Food came by boat once a fortnight, weather permitting. In the winter of 1893 it did not permit for seven weeks, and the two keepers lived on biscuits and fish.`,
    },
  ],
};
