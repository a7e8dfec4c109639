// Every question that we ask a store. tests/shopify.documents.test.ts checks each against the platform's own schema, with no
// deprecated field, and against the scopes of shopify.app.toml.

export const shopDocument = `query Shop {
  shop {
    id name email contactEmail myshopifyDomain primaryDomain { url } currencyCode ianaTimezone
    shopAddress { company address1 address2 zip city province countryCodeV2 country }
  }
}`

export const installationDocument = `query Installation { currentAppInstallation { id accessScopes { handle } } }`

const customerFields = `id firstName lastName locale tags createdAt updatedAt
  defaultAddress { countryCodeV2 }
  defaultEmailAddress { emailAddress marketingState marketingOptInLevel marketingUpdatedAt }`

const productFields = `id title handle vendor productType tags status onlineStoreUrl updatedAt totalInventory tracksInventory
  featuredMedia { preview { image { url altText } } }`
const variantFields = `id title sku price compareAtPrice inventoryQuantity availableForSale`

const orderFields = `id name email customerLocale test cancelledAt processedAt updatedAt checkoutToken
  currentTotalPriceSet { shopMoney { amount currencyCode } }
  customer { id firstName lastName locale defaultEmailAddress { emailAddress } }
  shippingAddress { countryCodeV2 } billingAddress { countryCodeV2 }`
const lineFields = `id title quantity originalUnitPriceSet { shopMoney { amount currencyCode } } product { id } variant { id }`

export const changedCustomersDocument = `query ChangedCustomers($after: String, $query: String!) {
  customers(first: 100, after: $after, query: $query, sortKey: UPDATED_AT) {
    pageInfo { hasNextPage endCursor }
    nodes { ${customerFields} }
  }
}`

export const changedProductsDocument = `query ChangedProducts($after: String, $query: String!) {
  products(first: 10, after: $after, query: $query, sortKey: UPDATED_AT) {
    pageInfo { hasNextPage endCursor }
    nodes { ${productFields} variants(first: 50) { pageInfo { hasNextPage } nodes { ${variantFields} } } }
  }
}`

export const changedOrdersDocument = `query ChangedOrders($after: String, $query: String!) {
  orders(first: 4, after: $after, query: $query, sortKey: UPDATED_AT) {
    pageInfo { hasNextPage endCursor }
    nodes { ${orderFields} lineItems(first: 40) { pageInfo { hasNextPage } nodes { ${lineFields} } } }
  }
}`

export const customerDocument = `query Customer($id: ID!) { customer(id: $id) { ${customerFields} } }`

export const segmentsDocument = `query Segments($after: String) {
  segments(first: 100, after: $after) { pageInfo { hasNextPage endCursor } nodes { id name query } }
}`

export const segmentMembersDocument = `query SegmentMembers($id: ID!, $after: String) {
  customerSegmentMembers(segmentId: $id, first: 250, after: $after) { pageInfo { hasNextPage endCursor } edges { node { id } } }
}`

// Bulk: edges and node only, and each parent selects its id.
export const bulkDocuments = {
  customers: `{ customers { edges { node { ${customerFields} } } } }`,
  products: `{ products { edges { node { ${productFields} variants { edges { node { ${variantFields} } } } } } } }`,
  orders: `{ orders { edges { node { ${orderFields} lineItems { edges { node { ${lineFields} } } } } } } }`,
} as const

export const runBulkDocument = `mutation RunBulk($query: String!) {
  bulkOperationRunQuery(query: $query, groupObjects: false) { bulkOperation { id status } userErrors { field message code } }
}`

export const bulkStateDocument = `query BulkState($id: ID!) { bulkOperation(id: $id) { id status errorCode rootObjectCount url } }`

const consentFields = `id defaultEmailAddress { emailAddress marketingState marketingOptInLevel marketingUpdatedAt }`

export const customerByEmailDocument = `query CustomerByEmail($email: String!) { customerByIdentifier(identifier: { emailAddress: $email }) { ${consentFields} } }`
export const customerByIdDocument = `query CustomerById($id: ID!) { customer(id: $id) { ${consentFields} } }`

export const createCustomerDocument = `mutation CreateCustomer($input: CustomerInput!) {
  customerCreate(input: $input) { customer { id } userErrors { field message } }
}`

export const writeConsentDocument = `mutation WriteConsent($input: CustomerEmailMarketingConsentUpdateInput!) {
  customerEmailMarketingConsentUpdate(input: $input) { customer { id } userErrors { field message code } }
}`
