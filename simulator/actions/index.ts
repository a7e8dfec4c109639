/** Everything that can happen in a store. Each verb changes the truth and sends the news that the real platform would send. */
export { createCustomer, customerOf, deleteCustomer, mergeCustomers, setConsent, updateCustomer, type NewCustomer } from './customers.ts'
export { cancelOrder, findVariant, placeOrder, refundOrder, startCheckout, type NewOrder, type WantedLine } from './orders.ts'
export { createProduct, deleteProduct, updateProduct } from './products.ts'
export { grantScopes, install, revokeScopes, uninstall, updateShop } from './app.ts'
export { redactCustomer, redactShop, requestData } from './privacy.ts'
