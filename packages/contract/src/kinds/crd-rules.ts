import type { ValidationRule } from './crd-schema.ts'
import { INSTANCE_TYPES } from './instance-types.ts'
import { LABEL_KEY, LABEL_VALUE, RESERVED_LABEL_KEY, RESERVED_LABEL_RULE } from './labels.ts'

/** What is decided once. */
export const UNCHANGEABLE: ValidationRule = { rule: 'self == oldSelf', message: 'it cannot be changed' }

/** Members of an object that are decided once, given or not. */
export function unchangeable(members: readonly string[]): readonly ValidationRule[] {
  // At the object above them: a rule at a member that is absent before or after is not asked.
  return members.map((member) => ({
    rule: `has(self.${member}) == has(oldSelf.${member}) && (!has(self.${member}) || self.${member} == oldSelf.${member})`,
    message: `${member} cannot be changed`,
    fieldPath: `.${member}`,
  }))
}

/** In RE2. As `objectName` has it. */
const OBJECT_NAME = '^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$'

/**
 * That `metadata.name` can be what `objectName` gives for members, joined by dots. CEL knows no hash: of derived names it
 * sees the form alone, and an admission policy sees who makes them.
 */
export function objectNameRule(...members: readonly string[]): ValidationRule {
  const joined = members.map((member) => `self.${member}`).join(" + '.' + ")
  const name = members.length > 1 ? `(${joined})` : joined
  const isKept = `${name}.size() <= 63 && !${name}.startsWith('x-') && ${name}.matches('${OBJECT_NAME}')`
  const isDerived = `self.metadata.name.matches('^x-[a-z0-9]{24}$')`
  return {
    rule: `(${isKept}) ? self.metadata.name == ${name} : ${isDerived}`,
    message: `metadata.name must be ${members.join('.')} where that is a valid object name of at most 63 characters that does not begin with x-; other names are derived, and made through the EKS API`,
  }
}

/** As AWS documents it for `serviceIpv4Cidr`, and without host bits, as kube-apiserver wants it. */
export const SERVICE_CIDR_RULE: ValidationRule = {
  rule: [
    'isCIDR(self) && cidr(self).ip().family() == 4 && cidr(self) == cidr(self).masked()',
    'cidr(self).prefixLength() >= 12 && cidr(self).prefixLength() <= 24',
    "['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'].exists(allowed, cidr(allowed).containsCIDR(self))",
  ].join(' && '),
  message: 'it must be a network of /12 to /24 within 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16',
}

export const TAGS_RULE: ValidationRule = {
  rule: "self.all(key, key.size() >= 1 && key.size() <= 128 && !key.matches('^[aA][wW][sS]:'))",
  message: 'keys of tags must have 1 to 128 characters and not begin with aws:',
}

export const ROLE_ARN_RULE: ValidationRule = {
  rule: "self.matches('^arn:aws[a-z-]*:iam:[a-z0-9-]*:[0-9]{12}:role/[0-9A-Za-z_+=,.@/-]+$')",
  message: 'it must be the ARN of an IAM role, such as arn:aws:iam::123456789012:role/name',
}

/** Of ids such as `subnet-0a1b2c`. */
export function idsRule(prefix: string): ValidationRule {
  return {
    rule: `self.all(id, id.matches('^${prefix}[0-9A-Za-z-]{1,200}$'))`,
    message: `they must be ids that begin with ${prefix}`,
  }
}

/** As EKS documents them. */
export const SCALING_RULES: readonly ValidationRule[] = [
  { rule: 'self.minSize <= self.maxSize', message: 'minSize must not be more than maxSize', fieldPath: '.minSize' },
  {
    rule: 'self.desiredSize >= self.minSize && self.desiredSize <= self.maxSize',
    message: 'desiredSize must be from minSize to maxSize',
    fieldPath: '.desiredSize',
  },
]

/** That one of two members is given at most, or exactly. */
export function eitherRule(one: string, other: string, wanted: 'one' | 'at most one'): ValidationRule {
  const has = (member: string) => `has(self.${member})`
  return wanted === 'one'
    ? { rule: `${has(one)} != ${has(other)}`, message: `one of ${one} and ${other} must be given, and not both` }
    : { rule: `!(${has(one)} && ${has(other)})`, message: `${one} and ${other} must not both be given` }
}

export const LABELS_RULES: readonly ValidationRule[] = [
  {
    rule: `self.all(key, key.size() <= 63 && key.matches('${LABEL_KEY}') && self[key].matches('${LABEL_VALUE}'))`,
    message: 'keys and values must be what Kubernetes takes as those of labels, of at most 63 characters',
  },
  {
    rule: `!self.exists(key, key.matches('${RESERVED_LABEL_KEY}'))`,
    message: RESERVED_LABEL_RULE,
  },
]

export const TAINTS_RULES: readonly ValidationRule[] = [
  {
    rule: `self.all(one, one.key.matches('${LABEL_KEY}') && (!has(one.value) || one.value == '' || one.value.matches('${LABEL_VALUE}')))`,
    message: 'keys and values must be what Kubernetes takes as those of taints',
  },
  {
    rule: 'self.all(one, self.exists_one(other, other.key == one.key && other.effect == one.effect))',
    message: 'no two may have the same key and effect',
  },
]

const INSTANCE_TYPE_NAMES = INSTANCE_TYPES.map(({ name }) => name)

export const INSTANCE_TYPES_RULE: ValidationRule = {
  rule: `self.all(one, one in [${INSTANCE_TYPE_NAMES.map((name) => `'${name}'`).join(', ')}])`,
  message: `they must be of ${INSTANCE_TYPE_NAMES.join(', ')}`,
}
