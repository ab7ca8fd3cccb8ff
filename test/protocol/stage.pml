/*
 * Blue-green: a first alias, a second one and a stage that names one of them, whose version users get. One rollout leads
 * from version 1 to version 2: the second alias is pointed at it, the stage is swapped there, the first alias is pointed at
 * it, and the stage comes home.
 *
 * A write of an alias lands at the present revision only. Nothing locks a swap of the stage: it lands whenever it arrives.
 * A fault loses a reply after a write or swap took effect, or lets it arrive at any later time or never. Every process may
 * stand still between any two steps. Bounds: FAULTS, CRASHES, OUTAGES of the store, and the processes TAKERS, ABORTERS,
 * PERSONS and RESUME.
 *
 * What is checked: once it was said that users are back, no write and no swap brings anybody to version 2; once it was
 * promoted, none brings anybody to version 1; after the repairs the store, the first alias and users agree. Left out: what
 * is done about the second alias at rest. A rule is weakened by its switch.
 */
#ifndef TAKERS
#define TAKERS 0
#endif
#ifndef ABORTERS
#define ABORTERS 0
#endif
/* Persons who roll back by the aliases alone while the store is out. */
#ifndef PERSONS
#define PERSONS 0
#endif
#ifndef RESUME
#define RESUME 0
#endif
#ifndef FAULTS
#define FAULTS 0
#endif
#ifndef CRASHES
#define CRASHES 0
#endif
#ifndef OUTAGES
#define OUTAGES 0
#endif
/* 1: the second alias carries a marker of an earlier rollout. 0: it was made since. */
#ifndef MARKED
#define MARKED 1
#endif
/* 1: a way back writes both aliases. 0: the first alone, and leaves the other to the stage. */
#ifndef BACKBOTH
#define BACKBOTH 1
#endif
/* 1: the first alias is fenced before the second. 0: after it. */
#ifndef FIRSTFIRST
#define FIRSTFIRST 1
#endif
/* 1: a person's order without the store is written on the second alias even where that carries no marker. */
#ifndef BLINDBOTH
#define BLINDBOTH 1
#endif
/* 1: a promotion is told of when the first alias serves the new version. 0: when the stage names the second one. */
#ifndef PROMOTEFIRST
#define PROMOTEFIRST 1
#endif

mtype = { unmarked, forward, fence, back, blind };
mtype = { closed, open, rolling, promoted, returned };
mtype = { landed, conflict, lost };

#define FIRST 0
#define SECOND 1

/* The aliases with their markers, and the stage. */
byte rev[2] = 1, target[2] = 1, mtok[2] = 0, mwriter[2] = 0;
mtype purpose[2] = unmarked;
byte stage = FIRST, stageTok = 0;

/* The store: how far the rollout is, and what was meant. */
bool out = false, atStake = false, swapMeant = false;
byte locked = 0, champion = 1, done = 0;
mtype phase = closed;

/* A write or swap that is still under way. */
bool late = false, lateSwap = false;
byte lalias, lrev, ltarget, ltok, lwriter, lto;
mtype lpurpose;

/* What people were told; and that a person has gone back by the aliases alone, also from what was promoted. */
bool fled = false, told = false, ordered = false;
byte faults = FAULTS, crashes = CRASHES, outages = OUTAGES, writers = 0;

#define isBack (phase == rolling || phase == returned)
#define isOpen (phase == open || phase == rolling)
#define unknownBack(a) (purpose[a] == blind || (purpose[a] == back && !isBack))

inline whoIsServed() {
  assert(!(fled && target[stage] == 2));
  assert(!(told && !ordered && target[stage] == 1))
}

inline land(a, t, p, k, w) {
  rev[a]++;
  target[a] = t;
  purpose[a] = p;
  mtok[a] = k;
  mwriter[a] = w;
  if
  :: p == blind -> ordered = true
  :: else
  fi;
  whoIsServed()
}

inline write(a, r, t, p, reply) {
  atomic {
    if
    :: rev[a] == r -> land(a, t, p, tok, me); reply = landed
    :: rev[a] == r && faults > 0 -> faults--; land(a, t, p, tok, me); reply = lost
    :: rev[a] == r && faults > 0 && !late ->
       faults--; late = true; lalias = a; lrev = r; ltarget = t; lpurpose = p; ltok = tok; lwriter = me; reply = lost
    :: rev[a] != r -> reply = conflict
    fi
  }
}

/* Looks for a newer stamp first, then swaps: between the two anything may happen. */
inline swap(to) {
  if
  :: stageTok > tok -> goto gone
  :: else
  fi;
  atomic {
    if
    :: stage = to; stageTok = tok; whoIsServed()
    :: faults > 0 && !lateSwap -> faults--; lateSwap = true; lto = to; ltok = tok
    fi
  }
}

#define START 0
#define TAKE 1
#define ABORT 2
#define RESUMED 3

inline maybeCrash() {
  if
  :: crashes > 0 -> crashes--; goto gone
  :: skip
  fi
}

inline take() {
  locked++;
  tok = locked;
  writers++;
  me = writers
}

#define mustStop(a) (mtok[a] > tok || (mtok[a] == tok && mwriter[a] != me))
/* The alias after this one on the way through all at stake. */
#define isLast(a) (FIRSTFIRST -> a == SECOND : a == FIRST)

/* A person whose rollback finds no store: the first alias, then the second under what was found on the first. */
proctype person() {
  byte me, tok, wrev, a = FIRST, rounds = 3;
  mtype reply = landed;

  if
  :: atomic { out && purpose[FIRST] != unmarked -> writers++; me = writers }
  :: goto gone
  fi;
look:
  atomic {
    if
    :: rounds == 0 -> goto gone /* says that it failed */
    :: rounds > 0 && a == SECOND && purpose[a] == unmarked && !BLINDBOTH -> goto over
    :: rounds > 0 && a == SECOND && mtok[a] > tok -> goto over /* an owner came since, and sees to it */
    :: else -> rounds--; wrev = rev[a]; tok = (a == FIRST -> mtok[a] : tok)
    fi
  };
sending:
  write(a, wrev, 1, blind, reply);
  atomic {
    if
    :: mwriter[a] == me && purpose[a] == blind -> skip
    :: !(mwriter[a] == me && purpose[a] == blind) && reply == lost && rev[a] == wrev -> goto sending
    :: else -> goto look
    fi
  };
  if
  :: a == FIRST -> a = SECOND; goto look
  :: else
  fi;
over:
  fled = true;
gone:
  skip
}

proctype owner(byte kind) {
  byte tok = 0, seen = 0, me = 0, a = FIRST, r = 0, wt = 0;
  byte mine[2] = 0;
  mtype reply = landed;
  bool recorded = false;

  if
  :: kind == START -> atomic { !out -> take(); phase = open }
  :: kind != START -> atomic { !out && phase != closed -> seen = locked }
  :: kind != START && kind != RESUMED -> goto gone
  fi;
  if
  :: kind == START
  :: else ->
     atomic {
       (!out);
       if
       :: locked != seen && kind != ABORT -> goto gone
       :: (locked == seen || kind == ABORT) && !isOpen && !unknownBack(FIRST) -> goto gone
       :: else -> take(); if :: kind == ABORT -> phase = rolling :: else fi
       fi
     }
  fi;
  a = (FIRSTFIRST || !atStake -> FIRST : SECOND);

look:
  atomic {
    if
    :: mustStop(a) -> goto gone
    :: !mustStop(a) && unknownBack(a) -> goto repair
    :: !mustStop(a) && !unknownBack(a) && phase == rolling -> recorded = true; goto goBack
    :: else -> r = rev[a]; wt = target[a]
    fi
  };
  maybeCrash();
fencing:
  write(a, r, wt, fence, reply);
  if
  :: reply == landed -> mine[a] = r + 1
  :: reply == lost ->
     atomic {
       if
       :: mwriter[a] == me && purpose[a] == fence -> mine[a] = rev[a]
       :: !(mwriter[a] == me && purpose[a] == fence) && rev[a] == r -> goto fencing
       :: else -> goto look
       fi
     }
  :: reply == conflict -> goto look
  fi;
  if
  :: atStake && !isLast(a) -> a = 1 - a; goto look
  :: else
  fi;

drive:
  do
  :: atomic { !out && locked != tok -> goto gone }
  :: atomic { !out && locked == tok && phase == open && done == 0 -> a = SECOND; atStake = true };
     goto going
  :: atomic { !out && locked == tok && phase == open && done == 1 -> swapMeant = true };
     maybeCrash();
     swap(SECOND);
     if
     :: atomic { !out && locked == tok && stage == SECOND -> done = (PROMOTEFIRST -> 2 : 4) }
     :: atomic { !out && locked == tok && stage != SECOND -> skip }
     :: atomic { !out && locked != tok -> goto gone }
     :: out -> goto goBack
     fi
  :: atomic { !out && locked == tok && phase == open && done == 2 -> a = FIRST };
     goto going
  :: atomic { !out && locked == tok && phase == open && done == 3 -> swapMeant = true };
     maybeCrash();
     swap(FIRST);
     if
     :: atomic { !out && locked == tok && stage == FIRST -> done = 4 }
     :: atomic { !out && locked == tok && stage != FIRST -> skip }
     :: atomic { !out && locked != tok -> goto gone }
     :: out -> goto goBack
     fi
  :: atomic { !out && locked == tok && phase == open && done == 4 -> phase = promoted; champion = 2; told = true; goto gone }
  :: phase == open || out -> goto goBack /* a breach, or the outage's limit */
  od;

going:
  /* The intent stands in the journal. */
  maybeCrash();
  if
  :: mine[a] == 0 ->
     atomic {
       if
       :: mustStop(a) -> goto gone
       :: !mustStop(a) && unknownBack(a) -> goto repair
       :: else -> mine[a] = rev[a]
       fi
     }
  :: else
  fi;
  r = mine[a];
sending:
  write(a, r, 2, forward, reply);
  if
  :: reply == landed -> mine[a] = r + 1
  :: reply == lost ->
     atomic {
       if
       :: mwriter[a] == me && purpose[a] == forward -> mine[a] = rev[a]
       :: !(mwriter[a] == me && purpose[a] == forward) && rev[a] == r -> goto sending
       :: else -> goto goBack
       fi
     }
  :: reply == conflict -> goto goBack
  fi;
  maybeCrash();
  if
  :: atomic { !out && locked == tok -> done = (a == SECOND -> 1 : 3) }
  :: atomic { !out && locked != tok -> goto gone }
  :: out -> goto goBack
  fi;
  goto drive;

goBack:
  if
  :: recorded
  :: atomic {
       !recorded && !out ->
       if
       :: locked != tok -> goto gone
       :: locked == tok && isOpen -> phase = rolling; recorded = true
       :: else -> goto gone
       fi
     }
  :: !recorded && out
  fi;
  maybeCrash();
  a = FIRST;
homeward:
  atomic {
    if
    :: mine[a] != 0 -> r = mine[a]
    :: mine[a] == 0 && mustStop(a) -> goto gone
    :: else -> r = rev[a]
    fi
  };
returning:
  write(a, r, 1, back, reply);
  if
  :: reply == landed -> mine[a] = r + 1
  :: reply == lost ->
     atomic {
       if
       :: mwriter[a] == me && purpose[a] == back -> mine[a] = rev[a]
       :: !(mwriter[a] == me && purpose[a] == back) && rev[a] == r -> goto returning
       :: else -> mine[a] = 0; goto homeward
       fi
     }
  :: reply == conflict -> mine[a] = 0; goto homeward
  fi;
  maybeCrash();
  if
  :: BACKBOTH && a == FIRST && atStake -> a = SECOND; goto homeward
  :: else
  fi;
  /* The stage is tidied where it can be; nothing waits for it for long. */
  if
  :: swapMeant && recorded && !out -> swap(FIRST)
  :: skip
  fi;
  if
  :: atomic { !out && locked == tok && isOpen -> phase = returned; champion = 1; fled = true }
  :: atomic { !out && !(locked == tok && isOpen) -> skip }
  :: out
  fi;
  goto gone;

repair:
  /* A way back that the journal does not know: recorded, and gone to its end on every alias at stake. */
  atomic {
    (!out) ->
    if
    :: locked != tok -> goto gone
    :: else -> phase = rolling; recorded = true; atStake = true; mine[FIRST] = 0; mine[SECOND] = 0
    fi
  };
  goto goBack;

gone:
  skip
}

/* What the world does by itself: an outage begins and ends, and what is under way arrives, or never does. */
proctype world() {
end:
  do
  :: atomic { !out && outages > 0 -> outages--; out = true }
  :: atomic { out -> out = false }
  :: atomic {
       late ->
       late = false;
       if
       :: rev[lalias] == lrev -> land(lalias, ltarget, lpurpose, ltok, lwriter)
       :: skip
       fi
     }
  :: atomic {
       lateSwap ->
       lateSwap = false;
       if
       :: stage = lto; stageTok = ltok; whoIsServed()
       :: skip
       fi
     }
  od
}

init {
  byte begun = 0;
  atomic {
    if
    :: MARKED -> purpose[SECOND] = fence
    :: else
    fi;
    purpose[FIRST] = fence;
    run world();
    run owner(START);
    do
    :: begun < TAKERS -> run owner(TAKE); begun++
    :: else -> break
    od;
    begun = 0;
    do
    :: begun < ABORTERS -> run owner(ABORT); begun++
    :: else -> break
    od;
    begun = 0;
    do
    :: begun < PERSONS -> run person(); begun++
    :: else -> break
    od;
    begun = 0
  };
  timeout;
  do
  :: begun < RESUME -> atomic { faults = 0; crashes = 0; outages = 0; begun++; run owner(RESUMED) }; timeout
  :: else -> break
  od;
  assert(RESUME == 0 || phase == closed || (!isOpen && !unknownBack(FIRST)));
  assert(RESUME == 0 || phase == closed || (target[stage] == champion && target[FIRST] == champion))
}
