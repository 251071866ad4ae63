import { CreateClusterCommand, type EKSClient } from '@aws-sdk/client-eks'
import { accountNamespace } from '@evenkeel/contract/kinds'
import { connectEks, explainEksError, followCreation, isEksError } from '../cluster/index.ts'
import { eksAccess, type OpenedInstallation, openHome } from '../installation/index.ts'
import type { StepReport } from '../terminal/index.ts'
import { recordSetup } from './setup.ts'

export const DEMO = 'demo'

/** A role that EKS's clients have to name, and that nothing here looks at. */
export function roleArnOf(accountId: string): string {
  return `arn:aws:iam::${accountId}:role/evenkeel`
}

/** Asks for the first cluster through the EKS API, as anybody would. Asked for twice it is one. */
export async function requestDemo(opened: OpenedInstallation, signal: AbortSignal): Promise<void> {
  const access = await eksAccess(opened)
  const eks = connectEks(access)
  try {
    await createDemo(eks, opened.installation.accountId, signal)
  } catch (error) {
    if (!isEksError(error, 'ResourceInUseException')) {
      throw explainEksError(`create cluster ${DEMO}`, access.serviceUrl, error)
    }
  } finally {
    eks.destroy()
  }
  await recordSetup(opened.paths.access, { hasDemo: true })
}

async function createDemo(eks: EKSClient, accountId: string, signal: AbortSignal): Promise<void> {
  const input = {
    name: DEMO,
    roleArn: roleArnOf(accountId),
    resourcesVpcConfig: {},
    clientRequestToken: 'evenkeel-up-demo',
  }
  await eks.send(new CreateClusterCommand(input), { abortSignal: signal })
}

export async function followDemo(opened: OpenedInstallation, report: StepReport, signal: AbortSignal): Promise<string> {
  const home = openHome(opened)
  try {
    const namespace = accountNamespace(opened.installation.accountId)
    return await followCreation({ home, namespace, name: DEMO, report, signal })
  } finally {
    home.close()
  }
}
