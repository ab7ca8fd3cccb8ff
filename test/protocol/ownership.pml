/*
 * Who owns an alias: one alias, one store, one rollout from version 1 to version 2.
 *
 * A write of the alias lands at the present revision only. A fault loses a reply after the write took effect, or lets the
 * write arrive at any later time or never. Every process may stand still between any two steps. Bounds: FAULTS lost or
 * late writes, CRASHES, OUTAGES of the store; the processes are switched on by TAKERS, LAPS, PERSONS and RESUME.
 *
 * A rule is weakened by its switch. protocol.test.ts runs each line of docs/reliability.md with the switches named there.
 */
#ifndef TAKERS
#define TAKERS 0
#endif
#ifndef LAPS
#define LAPS 0
#endif
#ifndef PERSONS
#define PERSONS 0
#endif
/* How often the rollout is resumed when all is repaired; 0: the end is not looked at. */
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
/* What the two persons want. */
#ifndef FIRST
#define FIRST 1
#endif
#ifndef SECOND
#define SECOND 3
#endif
/* 1: an outage does not end. */
#ifndef FOREVER
#define FOREVER 0
#endif
/* 1: an owner goes back at its own last revision, and at a newer one only under the stop rules. 2: at the newest. 0: never
   without the store. */
#ifndef OWNBACK
#define OWNBACK 1
#endif
/* 1: who has not written the alias under its token fences before it commits. */
#ifndef COMMITFENCE
#define COMMITFENCE 1
#endif
/* 1: a lap looks at the lock once more after it has read the journal. */
#ifndef LAPREAD
#define LAPREAD 1
#endif
/* 1: a way back that the journal does not know stops what goes forward. 0: nobody looks. */
#ifndef UNSEEN
#define UNSEEN 1
#endif
/* 1: a blind rollback keeps the marker's token. 0: it takes one more, and larger tokens are refused. */
#ifndef BLINDTOK
#define BLINDTOK 1
#endif
/* 1: a blind order looks for another person's before each write. */
#ifndef BLINDLOOK
#define BLINDLOOK 1
#endif
/* 1: a write is one's own by its writer. 0: by token and purpose. */
#ifndef OURS
#define OURS 1
#endif

mtype = { unmarked, forward, fence, back, blind };
mtype = { closed, open, rolling, promoted, returned };
mtype = { landed, conflict, lost };

/* The alias and its marker. */
byte rev = 1, target = 1, mtok = 0, mwriter = 0;
mtype purpose = unmarked;

/* The store. */
bool out = false;
byte locked = 0, champion = 1, jrev = 0, jserves = 1;
byte writerOf[10];
mtype phase = closed;

/* A write that is still under way. */
bool late = false;
byte lrev, ltarget, ltok, lwriter;
mtype lpurpose;

/* What people and owners were told. */
byte endedAt = 0;
bool fled = false;

byte faults = FAULTS, crashes = CRASHES, outages = OUTAGES, writers = 0;

#define unknownBack ((purpose == blind) || (purpose == back && (phase == open || phase == promoted || phase == closed)))
#define goesForward(p) (p == forward || p == fence)

/* S1, S2a, S2b and the second half of S3, at each write that lands. */
inline land(t, p, k, w) {
  assert(!(fled && t == 2));
  assert(p == blind || k >= endedAt);
  assert(!(goesForward(p) && unknownBack));
  assert(!(p == blind && purpose == blind && mwriter != w && target != t));
  rev++;
  target = t;
  purpose = p;
  mtok = k;
  mwriter = w;
}

inline write(r, t, p, k, w, reply) {
  atomic {
    if
    :: rev == r -> land(t, p, k, w); reply = landed
    :: rev == r && faults > 0 -> faults--; land(t, p, k, w); reply = lost
    :: rev == r && faults > 0 && !late ->
       faults--; late = true; lrev = r; ltarget = t; lpurpose = p; ltok = k; lwriter = w; reply = lost
    :: rev != r -> reply = conflict
    fi
  }
}

inline maybeCrash() {
  if
  :: crashes > 0 -> crashes--; goto gone
  :: skip
  fi
}

#define START 0
#define TAKE 1
#define LAP 2
#define RESUMED 3

/* An owner: who starts the rollout, who takes it over, or a lap of the controller. */
proctype owner(byte kind) {
  byte tok = 0, seen = 0, mine = 0, found = 0, wrev = 0, wtarget = 0, me = 0;
  mtype wpurpose = unmarked, reply = landed;
  bool fenced = false, recorded = false;

  if
  :: kind == START ->
     atomic { (!out) -> locked++; tok = locked; writers++; me = writers; writerOf[tok] = me; phase = open }
  :: else ->
     /* The lock is seen, and taken only where nobody came between. */
     if
     :: atomic { !out && phase != closed -> seen = locked }
     :: kind != RESUMED -> goto gone
     fi;
     atomic {
       (!out);
       if
       :: locked != seen -> goto gone
       :: locked == seen && mtok > locked -> goto gone
       :: locked == seen && mtok <= locked && (phase == promoted || phase == returned) && !unknownBack -> goto gone
       :: else -> locked++; tok = locked; writers++; me = writers; writerOf[tok] = me
       fi
     }
  fi;

  if
  :: kind == LAP && phase == open ->
     /* The journal's last revision is carried without a fence. */
     atomic { (!out) -> mine = jrev };
     if
     :: LAPREAD -> atomic { (!out) -> if :: locked != tok -> goto gone :: else fi }
     :: else
     fi;
     if
     :: mine == 0 -> goto look
     :: else -> goto drive
     fi
  :: else -> goto look
  fi;

look:
  /* Reads the alias and says what its marker means. */
  atomic {
    if
    :: mtok > tok -> goto gone
    :: mtok == tok && mwriter != me -> goto gone
    :: else -> found = rev; wtarget = target
    fi;
    if
    :: UNSEEN && unknownBack -> goto repair
    :: else
    fi
  };
  if
  :: phase == rolling -> recorded = true; mine = found; goto goBack
  :: else
  fi;
  maybeCrash();
  wrev = found;
fencing:
  write(wrev, wtarget, fence, tok, me, reply);
  if
  :: reply == landed -> mine = wrev + 1; fenced = true
  :: reply == lost ->
     atomic {
       if
       :: mwriter == me && purpose == fence -> mine = rev; fenced = true
       :: !(mwriter == me && purpose == fence) && rev == wrev -> goto fencing
       :: else -> goto look
       fi
     }
  :: reply == conflict -> goto look
  fi;
  if
  :: atomic { !out && locked == tok -> jrev = mine; jserves = wtarget }
  :: atomic { !out && locked != tok -> goto gone }
  :: out -> goto goBack
  fi;
  goto drive;

drive:
  do
  :: atomic { !out && locked != tok -> goto gone }
  :: atomic { !out && locked == tok && phase == open && jserves == 1 -> skip };
     /* The intent stands in the journal: from here on the write may be sent, whatever happens to the store. */
     maybeCrash();
     wrev = mine;
sending:
     write(wrev, 2, forward, tok, me, reply);
     if
     :: reply == landed -> mine = wrev + 1; fenced = true
     :: reply == lost ->
        atomic {
          if
          :: mwriter == me && purpose == forward -> mine = rev; fenced = true
          :: !(mwriter == me && purpose == forward) && rev == wrev -> goto sending
          :: else -> goto newer
          fi
        }
     :: reply == conflict -> goto newer
     fi;
     if
     :: atomic { !out && locked == tok -> jrev = mine; jserves = 2 }
     :: atomic { !out && locked != tok -> goto gone }
     :: out -> goto goBack
     fi
  :: atomic { !out && locked == tok && phase == open && jserves == 2 -> skip };
     maybeCrash();
     if
     :: COMMITFENCE && !fenced -> goto look
     :: else
     fi;
     atomic {
       if
       :: !out && locked == tok && phase == open -> phase = promoted; champion = 2; endedAt = tok
       :: !out && locked != tok -> goto gone
       :: out -> skip
       fi
     };
     if
     :: phase == promoted -> goto gone
     :: else
     fi
  :: phase == open || out -> goto goBack /* a breach, or the outage's limit */
  od;

newer:
  /* Somebody wrote since: under the stop rules only a way back of one's own rollout goes on. */
  atomic {
    if
    :: mtok > tok -> goto gone
    :: mtok == tok && mwriter != me -> goto gone
    :: else -> found = rev; goto goBack
    fi
  };

goBack:
  if
  :: recorded
  :: atomic {
       !recorded && !out ->
       if
       :: locked != tok -> goto gone
       :: locked == tok && (phase == open || phase == rolling) -> phase = rolling; recorded = true
       :: else -> goto gone
       fi
     }
  :: !recorded && out -> if :: OWNBACK == 0 -> goto gone :: else fi
  fi;
  maybeCrash();
  if
  :: OWNBACK == 2 -> mine = rev
  :: else
  fi;
  wrev = mine;
returning:
  write(wrev, 1, back, tok, me, reply);
  if
  :: reply == landed -> mine = wrev + 1
  :: reply == lost ->
     atomic {
       if
       :: mwriter == me && purpose == back -> mine = rev
       :: !(mwriter == me && purpose == back) && rev == wrev -> goto returning
       :: else -> goto again
       fi
     }
  :: reply == conflict -> goto again
  fi;
  goto report;
again:
  atomic {
    if
    :: OWNBACK != 2 && mtok > tok -> goto gone
    :: OWNBACK != 2 && mtok == tok && mwriter != me -> goto gone
    :: else -> mine = rev; wrev = rev
    fi
  };
  goto returning;
report:
  if
  :: atomic {
       !out ->
       if
       :: locked == tok && (phase == rolling || phase == open) -> phase = returned; champion = 1; endedAt = tok
       :: else
       fi
     }
  :: out
  fi;
  goto gone;

repair:
  /* An unknown way back: recorded, written over under this token, and what it serves becomes the champion. */
  atomic { (!out) -> if :: locked != tok -> goto gone :: else -> phase = rolling fi };
mending:
  atomic {
    if
    :: mtok > tok -> goto gone
    :: mtok == tok && mwriter != me -> goto gone
    :: else -> wrev = rev; wtarget = target
    fi
  };
  write(wrev, wtarget, back, tok, me, reply);
  if
  :: reply == landed
  :: reply == conflict -> goto mending
  :: reply == lost ->
     if
     :: mwriter == me && purpose == back
     :: else -> goto mending
     fi
  fi;
  atomic { (!out) -> if :: locked == tok -> phase = returned; champion = wtarget; endedAt = tok :: else fi };
  goto gone;

gone:
  skip
}

/* A person whose rollback finds no store: the alias alone is asked. */
proctype person(byte want) {
  byte me, wrev, tok;
  mtype reply = landed;

  if
  :: atomic { out -> writers++; me = writers }
  :: goto gone
  fi;
look:
  atomic {
    if
    :: BLINDLOOK && purpose == blind && mwriter != me && target != want -> goto gone /* is shown, and asked */
    :: else -> wrev = rev; tok = (BLINDTOK -> mtok : mtok + 1)
    fi
  };
sending:
  write(wrev, want, blind, tok, me, reply);
  atomic {
    if
    :: OURS && mwriter == me -> goto done
    :: !OURS && mtok == tok && purpose == blind && target == want -> goto done
    :: else -> if :: reply == lost && rev == wrev -> goto sending :: else -> goto look fi
    fi
  };
done:
  /* S3: said only of what one wrote oneself. */
  atomic { assert(mwriter == me || OURS); if :: want != 2 -> fled = true :: else fi };
gone:
  skip
}

/* What the world does by itself: an outage begins and ends, and what is under way arrives, or never does. */
proctype world() {
end:
  do
  :: atomic { !out && outages > 0 -> outages--; out = true }
  :: atomic { out && !FOREVER -> out = false }
  :: atomic {
       late ->
       late = false;
       if
       :: rev == lrev -> land(ltarget, lpurpose, ltok, lwriter)
       :: skip
       fi
     }
  od
}

init {
  byte resumed = 0;
  atomic {
    run world();
    run owner(START);
    do
    :: resumed < TAKERS -> run owner(TAKE); resumed++
    :: else -> break
    od;
    resumed = 0;
    do
    :: resumed < LAPS -> run owner(LAP); resumed++
    :: else -> break
    od;
    resumed = 0;
    do
    :: resumed < PERSONS -> if :: resumed == 0 -> run person(FIRST) :: else -> run person(SECOND) fi; resumed++
    :: else -> break
    od;
    resumed = 0
  };
  /* Nothing else can happen. L1: users are not left on a version that nobody promoted. */
  timeout ->
  assert(!(FOREVER && CRASHES == 0 && champion == 1 && target == 2));
  do
  :: resumed < RESUME -> atomic { faults = 0; crashes = 0; outages = 0; resumed++; run owner(RESUMED) }; timeout
  :: else -> break
  od;
  /* L3. */
  assert(RESUME == 0 || phase == closed || (!unknownBack && phase != open && phase != rolling && target == champion))
}
