import type { Figure } from '../figure.ts'
import { BenchInstallation } from '../installation.ts'
import { SimulatedClusters } from '../simulated/clusters.ts'
import { runSimulatedReads } from '../simulated/reads.ts'
import { runSimulatedSettled } from '../simulated/settled.ts'

/** What a cell may have; an account has 100 unless its installation says otherwise. */
const MOST_CLUSTERS = 1000

/** Real service, home and keepers over clusters that are simulated: what many of them cost. */
export const simulatedFigure: Figure = {
  name: 'simulated',
  says: 'reads over 200 simulated clusters, and what 1,000 settled ones write to the home',
  async run({ signal, tell }) {
    const installation = new BenchInstallation(signal, { EVENKEEL_CLUSTER_QUOTA: String(MOST_CLUSTERS) })
    try {
      await installation.evenkeel(['up', '--simulated', '--no-demo'])
      const clusters = new SimulatedClusters(installation, signal)
      return [
        ...(await runSimulatedReads(clusters, { signal, tell })),
        ...(await runSimulatedSettled(clusters, { signal, tell, installation })),
      ]
    } finally {
      await installation.destroy()
    }
  },
}
