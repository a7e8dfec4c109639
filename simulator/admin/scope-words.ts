/** What a scope allows, as a store owner reads it on the grant page. */
export const scopeWords: Record<string, string> = {
  read_customers: 'See customers: names, addresses, consent to marketing',
  write_customers: 'Change customers: record consent and its withdrawal',
  read_orders: 'See orders of the last 60 days',
  read_all_orders: 'See all orders, however old',
  read_products: 'See products, prices and stock',
  write_app_proxy: 'Answer requests of your online store under /apps/homing',
  write_pixels: 'Add a pixel to your online store',
  read_customer_events: 'See what visitors who agreed do in your online store',
  read_discounts: 'See discounts',
  write_discounts: 'Make discount codes',
  read_marketing_events: 'See marketing activities',
  write_marketing_events: 'Show campaigns among your marketing activities',
  read_locales: 'See the languages of your store',
  read_themes: 'See which theme is in use',
  write_customer_data_erasure: 'Ask for the erasure of customers',
}
