import { KEEPER_FINALIZER, KEEPER_IDENTITY } from '@evenkeel/contract/kinds'
import { celText, type PolicyCheck, type PolicyVariable } from './policy-objects.ts'

/** Who may do what only keepers do; those who own the home may do anything. */
export const IS_KEEPER: PolicyVariable = {
  name: 'isKeeper',
  expression: [
    `request.userInfo.username == ${celText(KEEPER_IDENTITY.user)}`,
    `${celText(KEEPER_IDENTITY.group)} in request.userInfo.groups`,
    `'system:masters' in request.userInfo.groups`,
  ].join(' || '),
}

/** That objects are made in the namespace of an account; `what` is the plural of their kind. */
export function accountCheck(what: string): PolicyCheck {
  return {
    expression: `request.namespace.matches('^account-[0-9]{12}$')`,
    messageExpression: `'namespace ' + request.namespace + ' is no account: ${what} are made in one such as account-123456789012'`,
  }
}

/** That nobody but a keeper lets an object go; needs IS_KEEPER. `what` is the object's kind. */
export function finalizerCheck(what: string): PolicyCheck {
  const finalizer = celText(KEEPER_FINALIZER)
  return {
    expression: `variables.isKeeper || !(${finalizer} in oldObject.metadata.?finalizers.orValue([])) || ${finalizer} in object.metadata.?finalizers.orValue([])`,
    messageExpression: `'the finalizer ' + ${finalizer} + ' is removed by keepers alone, when nothing is left of the ${what}'`,
    reason: 'Forbidden',
  }
}

/** That keepers leave what is wanted to others. */
export function specCheck(): PolicyCheck {
  const { user, group } = KEEPER_IDENTITY
  return {
    expression: `!(request.userInfo.username == ${celText(user)} || ${celText(group)} in request.userInfo.groups) || object.spec == oldObject.spec`,
    messageExpression: `'keepers keep what a spec says, they do not change it'`,
    reason: 'Forbidden',
  }
}
