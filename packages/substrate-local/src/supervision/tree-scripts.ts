import { join } from 'node:path'
import type { Place } from '@evenkeel/substrate'
import { type LocalPaths, PLACES } from '../installation/index.ts'
import { LOCK_VARIABLE } from '../processes/index.ts'
import { shellQuote } from '../shell-script.ts'

/** More services than a machine has room for; s6-svscan's own limit is 500. */
const MOST_SERVICES = 20_000

/** Above this size a tree's log is begun anew; it holds the few complaints of s6's own programs. */
const LARGEST_TREE_LOG_BYTES = 1_000_000

export function treeLockOf(paths: LocalPaths, place: Place): string {
  return join(paths.locks, `tree-${place}`)
}

export function scanFolderOf(paths: LocalPaths, place: Place): string {
  return join(paths.trees, place)
}

/** Control FIFO of the s6-svscan of a place. */
export function scanControlOf(paths: LocalPaths, place: Place): string {
  return join(scanFolderOf(paths, place), '.s6-svscan', 'control')
}

/** Which tree a place's tree watches: a ring, so that any one of them may be lost. */
export function sisterOf(place: Place): Place {
  return PLACES[(PLACES.indexOf(place) + 1) % PLACES.length]!
}

/** Service folder, in the tree of `place`, of what watches its sister. */
export function watchFolderOf(paths: LocalPaths, place: Place): string {
  return join(paths.services, place, `tree-${sisterOf(place)}`)
}

/** Environment of the trees and so of everything below them: nothing of who started them gets in (proxies, for one). */
export function treeEnvironment(paths: LocalPaths, place: Place): Record<string, string> {
  return {
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    HOME: process.env['HOME'] ?? '/',
    LANG: 'C.UTF-8',
    EVENKEEL_HOME: paths.home,
    [LOCK_VARIABLE]: treeLockOf(paths, place),
  }
}

/**
 * What becomes the s6-svscan of a place once it holds the place's lock, as words of a command.
 *
 * An s6-svscan that is killed leaves its s6-supervise processes behind. They go on, but hold the locks of their service
 * folders against the new ones, and the pipes to their loggers, so that a program and its logger would not find each
 * other again (a full pipe stops a program). So the new tree first ends what the old one left: supervisors, and the
 * copies that wait for the lock of a program, never a program.
 */
export function treeCommand(paths: LocalPaths, place: Place): readonly [string, ...string[]] {
  const script = [
    'umask 077',
    'cd /',
    'ulimit -Sn "$(ulimit -Hn)"',
    'for process in /proc/[0-9]*; do',
    '  name=',
    '  read -r name 2>/dev/null <"$process/comm"',
    '  case $name in s6-supervise | s6-setlock) ;; *) continue ;; esac',
    '  case "$(readlink "$process/cwd")" in "$2"/*) kill -KILL "${process#/proc/}" ;; esac',
    'done',
    'mkdir -p "$1"',
    `exec s6-svscan -c ${MOST_SERVICES} "$1"`,
  ].join('\n')
  return ['/bin/sh', '-c', script, 'tree', scanFolderOf(paths, place), join(paths.services, place)]
}

/** Run script of the service that watches the tree of `watched` and takes its place when it is lost. */
export function watchScript(paths: LocalPaths, watched: Place): string {
  const lock = treeLockOf(paths, watched)
  const log = treeLogOf(paths, watched)
  return [
    '#!/bin/sh',
    'umask 077',
    `export ${LOCK_VARIABLE}=${shellQuote(lock)}`,
    `exec >>${shellQuote(log)} 2>&1`,
    `[ "$(stat -c %s ${shellQuote(log)})" -lt ${LARGEST_TREE_LOG_BYTES} ] || : >${shellQuote(log)}`,
    `exec s6-setlock ${[lock, ...treeCommand(paths, watched)].map(shellQuote).join(' ')}`,
    '',
  ].join('\n')
}

export function treeLogOf(paths: LocalPaths, place: Place): string {
  return join(paths.logs, `tree-${place}.log`)
}
