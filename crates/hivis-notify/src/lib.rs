//! Tells people of alerts: Discord, e-mail, SMS, webhooks; grouped, at the right hour, nothing lost.
