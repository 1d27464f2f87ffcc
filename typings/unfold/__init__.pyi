# What we use of django-unfold, which ships no types: Django's own classes, as they are typed in django-stubs.
