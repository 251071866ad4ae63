import { expect, test } from 'vitest'
import { readAccessKey, renderAwsConfig, renderAwsCredentials } from './aws-files.ts'

const settings = { region: 'local-1', serviceUrl: 'http://127.0.0.1:8080' }
const key = { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'abc/def+ghi=' }

test('when the files are new, they hold our profile', () => {
  expect(renderAwsConfig('', settings)).toBe(
    '[profile evenkeel]\nregion = local-1\nendpoint_url = http://127.0.0.1:8080\n',
  )
  expect(renderAwsCredentials('', key)).toBe(
    '[evenkeel]\naws_access_key_id = AKIAEXAMPLE\naws_secret_access_key = abc/def+ghi=\n',
  )
})

test('when the service speaks TLS, the profile trusts its certificate authority', () => {
  const config = renderAwsConfig('', { ...settings, serviceUrl: 'https://192.0.2.7:8443', trustFile: '/s/aws/ca.pem' })
  expect(config).toContain('endpoint_url = https://192.0.2.7:8443\nca_bundle = /s/aws/ca.pem\n')
})

test('when users have written profiles and settings of their own, they stay', () => {
  const own =
    '# mine\n[profile bob]\nregion = local-1\ns3 =\n  max_queue_size = 1\n\n[profile evenkeel]\noutput = table\nregion = old\n'
  const config = renderAwsConfig(own, settings)
  expect(config).toBe(
    '# mine\n\n[profile bob]\nregion = local-1\ns3 =\n  max_queue_size = 1\n\n' +
      '[profile evenkeel]\nregion = local-1\nendpoint_url = http://127.0.0.1:8080\noutput = table\n',
  )
  expect(renderAwsConfig(config, settings)).toBe(config)
})

test('when a key was written, it is read back; where there is none, nothing is', () => {
  expect(readAccessKey(renderAwsCredentials('[bob]\naws_access_key_id = B\n', key))).toEqual(key)
  expect(readAccessKey('[bob]\naws_access_key_id = B\naws_secret_access_key = C\n')).toBeUndefined()
  expect(readAccessKey('')).toBeUndefined()
})
