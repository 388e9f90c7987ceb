"""Changes, controlled from request to review: what alters the estate is asked for, weighed by
what it could take with it, approved by others, kept to its window, checked afterwards, and
looked back on.

Nouns: change, change step, change event, approval, approval policy, freeze, standard change,
trouble. Verbs: assess, submit, approve, reject, start, finish a step, verify, finish, fail, roll
back, abandon, review.
"""
