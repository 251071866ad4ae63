import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import { CommandError, EXIT, errorLine, exitStatusOf } from './terminal/index.ts'

/** The composition root of the command line. Commands are loaded when they are called: most runs need few of them. */

const interrupt = new AbortController()
const { signal } = interrupt
const write = (text: string) => void process.stdout.write(text)
const print = (line: string) => write(`${line}\n`)
const complain = (line: string) => void process.stderr.write(`evenkeel: ${line}\n`)

/** The first Ctrl-C ends waits at a point from which the next `up` goes on; the second ends at once. */
function listenForInterrupts(): void {
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      if (signal.aborted) process.exit(EXIT.interrupted)
      interrupt.abort(new CommandError('interrupted: repeat the command to go on', { exitStatus: EXIT.interrupted }))
    })
  }
}

function parseCount(text: string): number {
  if (!/^\d{1,7}$/.test(text)) throw new InvalidArgumentError('It must be a number.')
  return Number(text)
}

const outputOption = () =>
  new Option('-o, --output <format>', 'text for people, json for programs').choices(['text', 'json']).default('text')

const program = new Command('evenkeel')
  .description('A managed Kubernetes service that you run yourself.')
  .enablePositionalOptions()
  .exitOverride()
  .configureOutput({ outputError: (text, print) => print(`evenkeel: ${text.replace(/^error: /, '')}`) })
  .helpCommand(true)

program
  .command('up')
  .description('start Evenkeel; a new installation gets a highly available cluster named demo')
  .option('--address <ip>', 'serve the EKS API and the endpoints of clusters at this address, with TLS')
  .option('--home-kubeconfig <file>', 'use an existing Kubernetes as the home')
  .option('--no-demo', 'make no cluster')
  .option(
    '--simulated',
    'a new installation whose hosted clusters are simulated: for trying and measuring, never for use',
  )
  .action(async (options) => {
    const { up } = await import('./up/index.ts')
    await up(options, signal, print)
  })

program
  .command('down')
  .description('stop everything and keep its state')
  .action(async () => {
    const { down } = await import('./commands/down.ts')
    await down(signal, print)
  })

program
  .command('destroy')
  .description('stop everything and remove its state, the data of clusters too')
  .option('--yes', 'yes, remove it', false)
  .action(async (options) => {
    const { destroy } = await import('./commands/destroy.ts')
    await destroy(options, signal, print)
  })

program
  .command('status')
  .description('one screen: service, home, keepers, zones, clusters, what waits for what')
  .addOption(outputOption())
  .action(async (options) => {
    const { status } = await import('./commands/status.ts')
    process.exitCode = await status(options, write)
  })

program
  .command('env')
  .description('print exports for a stock AWS CLI and kubectl: eval "$(./evenkeel env)"')
  .action(async () => {
    const { env } = await import('./commands/access.ts')
    await env(write, complain)
  })

program
  .command('kubectl')
  .description('run kubectl against a cluster, or against the home: kubectl demo get pods; kubectl --home get clusters')
  .option('--home', 'the home, as its administrator')
  .argument('[args...]', 'cluster and arguments of kubectl')
  .passThroughOptions()
  .allowUnknownOption()
  .helpOption(false)
  .action(async (args, options) => {
    const { kubectl } = await import('./commands/access.ts')
    process.exitCode = await kubectl(args, options)
  })

program
  .command('token')
  .description('print a token for a cluster, as kubectl wants it')
  .requiredOption('--cluster <name>', 'name of the cluster')
  .action(async (options) => {
    const { token } = await import('./commands/access.ts')
    await token(options.cluster, write)
  })

const cluster = program.command('cluster').description('create, list, describe and delete clusters')

cluster
  .command('create')
  .argument('<name>')
  .option('--version <minor>', 'of Kubernetes, such as 1.36')
  .option('--no-wait', 'return as soon as it is accepted')
  .action(async (name, options) => {
    const { createCluster } = await import('./commands/cluster.ts')
    await createCluster(name, options, { signal, write })
  })

cluster
  .command('list')
  .addOption(outputOption())
  .action(async (options) => {
    const { listClusters } = await import('./commands/cluster.ts')
    await listClusters(options, write)
  })

cluster
  .command('describe')
  .argument('<name>')
  .addOption(outputOption())
  .action(async (name, options) => {
    const { describeCluster } = await import('./commands/cluster.ts')
    await describeCluster(name, options, write)
  })

cluster
  .command('delete')
  .argument('<name>')
  .option('--no-wait', 'return as soon as it is accepted')
  .action(async (name, options) => {
    const { deleteCluster } = await import('./commands/cluster.ts')
    await deleteCluster(name, options, { signal, write })
  })

const nodegroup = program.command('nodegroup').description('create, list, describe and delete node groups of clusters')

nodegroup
  .command('create')
  .argument('<cluster>')
  .argument('<name>')
  .option('--nodes <count>', 'how many there are to be', parseCount, 2)
  .option('--min <count>', 'how many at least; 1 when not given', parseCount)
  .option('--max <count>', 'how many at most; as many as --nodes when not given', parseCount)
  .option('--instance-type <type>', 'size of each, such as t3.small; t3.medium when not given')
  .option('--disk <GiB>', "size of each one's disk; 20 when not given", parseCount)
  .option('--version <minor>', "of Kubernetes; the cluster's when not given")
  .option('--no-wait', 'return as soon as it is accepted')
  .action(async (clusterName, name, options) => {
    const { createNodeGroup } = await import('./commands/node-group.ts')
    await createNodeGroup({ clusterName, name }, options, { signal, write })
  })

nodegroup
  .command('list')
  .argument('<cluster>')
  .addOption(outputOption())
  .action(async (clusterName, options) => {
    const { listNodeGroups } = await import('./commands/node-group.ts')
    await listNodeGroups(clusterName, options, write)
  })

nodegroup
  .command('describe')
  .argument('<cluster>')
  .argument('<name>')
  .addOption(outputOption())
  .action(async (clusterName, name, options) => {
    const { describeNodeGroup } = await import('./commands/node-group.ts')
    await describeNodeGroup({ clusterName, name }, options, write)
  })

nodegroup
  .command('delete')
  .argument('<cluster>')
  .argument('<name>')
  .option('--no-wait', 'return as soon as it is accepted')
  .action(async (clusterName, name, options) => {
    const { deleteNodeGroup } = await import('./commands/node-group.ts')
    await deleteNodeGroup({ clusterName, name }, options, { signal, write })
  })

const image = program.command('image').description('images that nodes have without any registry: load, list, remove')

image
  .command('load')
  .description(
    'load an archive, such as docker save makes; - is standard input: docker save web:1 | evenkeel image load -',
  )
  .argument('<file>', 'tar of an OCI layout or of docker save, plain or compressed with gzip or zstd')
  .action(async (file) => {
    const { loadImageFile } = await import('./commands/image.ts')
    await loadImageFile(file, { signal, write })
  })

image
  .command('list')
  .addOption(outputOption())
  .action(async (options) => {
    const { showImages } = await import('./commands/image.ts')
    await showImages(options, write)
  })

image
  .command('remove')
  .argument('<image>', 'a name, or the first digits of an id')
  .action(async (name) => {
    const { removeImageNamed } = await import('./commands/image.ts')
    await removeImageNamed(name, { signal, write })
  })

program
  .command('user')
  .description('identities')
  .command('create')
  .description('make an identity without rights and show its key, once')
  .argument('<name>')
  .addOption(outputOption())
  .action(async (name, options) => {
    const { createIdentity } = await import('./commands/user.ts')
    await createIdentity(name, options, write)
  })

program
  .command('logs')
  .description('logs of a component: logs demo etcd; logs demo kubelet; logs home kube-apiserver; logs evenkeel keeper')
  .argument('<cluster>', 'a cluster, home, or evenkeel for our own programs')
  .argument('<component>', 'such as etcd, kube-apiserver, endpoint, keeper')
  .option('--zone <zone>', 'only the member in this zone')
  .option('-f, --follow', 'go on with what is written from now on', false)
  .option('--tail <lines>', 'so many lines of each member', parseCount, 100)
  .action(async (name, component, options) => {
    const { logs } = await import('./commands/logs.ts')
    await logs({ cluster: name, component, ...options }, signal, write)
  })

program
  .command('doctor')
  .description('check the machine and say how to mend what is wrong')
  .addOption(outputOption())
  .action(async (options) => {
    const { doctor } = await import('./commands/doctor.ts')
    process.exitCode = await doctor(options, signal, write)
  })

program
  .command('test')
  .description('run all tests of this repository')
  .action(async () => {
    const { runTests } = await import('./commands/test.ts')
    process.exitCode = await runTests()
  })

program
  .command('version')
  .description('what this is, and which versions of Kubernetes it hosts')
  .addOption(outputOption())
  .action(async (options) => {
    const { version } = await import('./commands/version.ts')
    await version(options, write)
  })

/** A reader that has enough, such as `head`, is no failure. */
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0)
  throw error
})

listenForInterrupts()
try {
  await program.parseAsync()
} catch (error) {
  const cause = signal.aborted ? signal.reason : error
  if (cause instanceof CommanderError) {
    // Commander has said it already: help and version end with 0, the rest is wrong usage.
    process.exitCode = cause.exitCode === 0 ? 0 : EXIT.usage
  } else {
    complain(errorLine(cause))
    if (process.env['EVENKEEL_DEBUG']) console.error(cause)
    process.exitCode = exitStatusOf(cause)
  }
}
