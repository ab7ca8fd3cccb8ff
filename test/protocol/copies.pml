/*
 * A store is copied by hand, id and epoch and all, and both copies are used: one alias, owners in either copy, and persons
 * who run the recovery in either, one after another or at once. Writes of the alias land at the present revision only;
 * every process may stand still between any two steps. A crash ends an owner, or a recovery before it has written the
 * alias.
 *
 * What is checked: S5, after the copy was made the one that writes changes at most once by itself; and once a recovery was
 * reported, nothing of the other copy lands until somebody recovers that. A rule is weakened by its switch.
 */
/* Owners in the store that is copied, and in its copy. */
#ifndef OWNERS
#define OWNERS 2
#endif
#ifndef COPYOWNERS
#define COPYOWNERS 1
#endif
#ifndef RECOVERS
#define RECOVERS 0
#endif
#ifndef CRASHES
#define CRASHES 0
#endif
/* 1: a store remembers to whom it gave each token, and the marker's is compared. 0: tokens alone. */
#ifndef WRITERS
#define WRITERS 1
#endif
/* 1: an older token's writer is compared as well at the fence. 0: only that of one's own. */
#ifndef OLDER
#define OLDER 1
#endif
/* 1: a recovery takes an epoch above the marker's. 0: above its own store's alone. */
#ifndef ABOVE
#define ABOVE 1
#endif

#define NOBODY 9
mtype = { landed, conflict };

/* The alias with its marker. */
byte rev = 1, mepoch = 1, mid = 0, mtok = 0, mwriter = 0;

/* By copy: epoch and id of the store, its newest token, and whom it gave each to, 12 places a copy. */
byte epoch[2] = 1, id[2] = 0, locked[2] = 0;
byte writerOf[24];
bool isCopied = false;
/* A recovery has written this store, and the alias does not say so yet: nothing else acts on it. */
bool unfinished[2] = false;

byte crashes = CRASHES, writers = 0, ids = 0;
/* Who wrote last since the copy was made, how often that has changed since, and whose recovery was reported last. */
byte lastBy = NOBODY, switches = 0, reported = NOBODY;

inline write(r, e, i, k, w, s, isRecovery, reply) {
  atomic {
    if
    :: rev == r ->
       assert(isRecovery || reported == NOBODY || reported == s);
       rev++; mepoch = e; mid = i; mtok = k; mwriter = w;
       if
       :: isCopied && !isRecovery && lastBy != NOBODY && lastBy != s -> switches++
       :: else
       fi;
       if
       :: isCopied && isRecovery -> switches = 0; reported = NOBODY
       :: else
       fi;
       if
       :: isCopied -> lastBy = s
       :: else
       fi;
       assert(switches <= 1);
       reply = landed
    :: rev != r -> reply = conflict
    fi
  }
}

#define isOther(s) (mepoch > epoch[s] || (mepoch == epoch[s] && mid != id[s]))
#define isOwnStore(s) (mepoch == epoch[s] && mid == id[s])
#define isKnown(s) (!WRITERS || writerOf[12 * s + mtok] == mwriter)

proctype owner(byte s) {
  byte tok, me, mine, steps = 0, e, i;
  mtype reply;

  /* The marker is compared before a token is taken. */
  atomic {
    (s == 0 || isCopied) ->
    if
    :: unfinished[s] || isOther(s) -> goto gone
    :: !unfinished[s] && !isOther(s) && mepoch == epoch[s] && mtok > locked[s] -> goto gone
    :: !unfinished[s] && !isOther(s) && isOwnStore(s) && mtok <= locked[s] && !isKnown(s) -> goto gone
    :: else ->
       locked[s]++; tok = locked[s]; writers++; me = writers; writerOf[12 * s + tok] = me; e = epoch[s]; i = id[s]
    fi
  };
look:
  atomic {
    if
    :: isOther(s) -> goto gone
    :: !isOther(s) && mepoch == epoch[s] && (mtok > tok || (WRITERS && mtok == tok && mwriter != me)) -> goto gone
    :: !isOther(s) && OLDER && isOwnStore(s) && mtok < tok && !isKnown(s) -> goto gone
    :: else -> mine = rev
    fi
  };
sending:
  /* Each write has its intent in the journal, under its token: a store that was recovered has given out a newer one. */
  if
  :: locked[s] != tok || epoch[s] != e -> goto gone
  :: crashes > 0 -> crashes--; goto gone
  :: else
  fi;
  write(mine, e, i, tok, me, s, false, reply);
  if
  :: reply == landed -> mine = mine + 1
  :: reply == conflict -> goto look
  fi;
  if
  :: steps < 1 -> steps++; goto sending
  :: skip
  fi;
gone:
  skip
}

/* A person who does what doctor says: recovers the copy at hand. */
proctype recovery(byte s) {
  byte seen, e, i, tok, me, rounds = 3;
  mtype reply;

  (isCopied);
again:
  atomic {
    if
    :: rounds == 0 -> goto gone
    :: else -> rounds--; seen = rev; e = (ABOVE && mepoch > epoch[s] -> mepoch : epoch[s]) + 1; tok = (mtok > locked[s] -> mtok : locked[s]) + 1
    fi
  };
  /* The store is written: it acts on nothing until the alias says so. Another recovery of it may have come first. */
  atomic {
    ids++; i = ids; writers++; me = writers;
    if
    :: e <= epoch[s] -> e = epoch[s] + 1
    :: else
    fi;
    unfinished[s] = true; epoch[s] = e; id[s] = i; locked[s] = tok; writerOf[12 * s + tok] = me
  };
  if
  :: crashes > 0 -> crashes--; goto gone
  :: else
  fi;
  write(seen, e, i, tok, me, s, true, reply);
  if
  :: reply == conflict -> goto again
  :: reply == landed ->
     /* Reported where it still stands. */
     atomic { if :: mwriter == me && id[s] == i -> unfinished[s] = false; reported = s :: else fi }
  fi;
gone:
  skip
}

init {
  byte n = 0;
  atomic {
    do
    :: n < OWNERS -> run owner(0); n++
    :: else -> break
    od;
    n = 0;
    do
    :: n < COPYOWNERS -> run owner(1); n++
    :: else -> break
    od;
    n = 0;
    do
    :: n < RECOVERS -> if :: run recovery(0) :: run recovery(1) fi; n++
    :: else -> break
    od
  };
  /* The copy is made at any moment. */
  atomic {
    epoch[1] = epoch[0]; id[1] = id[0]; locked[1] = locked[0];
    n = 0;
    do
    :: n < 12 -> writerOf[12 + n] = writerOf[n]; n++
    :: else -> break
    od;
    n = 0;
    isCopied = true
  }
}
