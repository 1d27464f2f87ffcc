from django import forms

from subscribers.forms.fields import AddressField


class NewAddressForm(forms.Form):
    email = AddressField(label="New email address")
