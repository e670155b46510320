"""Login through an identity provider by OpenID Connect: code + PKCE, logout from both sides, accounts from claims."""
