/*
 * Who owns an alias: one alias, one store, and one or two rollouts. The first leads from version 1 to version 2; the second
 * tries version 2 again where users were brought back, or leads on to version 4.
 *
 * A write of the alias lands at the present revision only. A fault loses a reply after the write took effect, or lets the
 * write arrive at any later time or never. Every process may stand still between any two steps. Bounds: FAULTS lost or
 * late writes, CRASHES, OUTAGES of the store; the processes are switched on by TAKERS, LAPS, PERSONS,
 * ABORTERS, SECONDROLLOUT and RESUME.
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
/* Persons who abort; without the store by the alias alone. */
#ifndef ABORTERS
#define ABORTERS 0
#endif
/* 1: another rollout begins when the first has ended. */
#ifndef SECONDROLLOUT
#define SECONDROLLOUT 0
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

/* 1: a rollout begins over no unknown way back. 2: over one that leads to its own home it does. */
#ifndef STARTLOOK
#define STARTLOOK 1
#endif
/* 1: who begins a rollout looks under the lock whether the one before is over. */
#ifndef STARTCHECK
#define STARTCHECK 1
#endif
/* 1: a blind marker is an unknown way back for as long as it stands. 0: until the journal says rolled back. */
#ifndef BLINDSTANDS
#define BLINDSTANDS 1
#endif
/* 1: who repairs a blind order keeps the version that the person chose. 0: moves users to the home of the rollout. */
#ifndef BLINDKEEP
#define BLINDKEEP 1
#endif
/* 1: an owner without the store leaves a person's order to another version. 0: it writes over it. */
#ifndef OUTKEEP
#define OUTKEEP 1
#endif
/* 1: what is under way is taken up before an earlier rollout that somebody brought users back from. 0: after it. */
#ifndef OPENFIRST
#define OPENFIRST 1
#endif
/* The first owner is of format 1, on its recorded way back and cut off from the store. 1: it cannot read a marker of format
   2. 2: it reads the token. */
#ifndef OLD1
#define OLD1 0
#endif
/* 1: the first owner's credentials may die, for ever; the second takes over only from one who is silent or let go. */
#ifndef DEAD
#define DEAD 0
#endif
/* 1: an owner whose credentials are dead shows no sign of life any more. 0: it beats on. */
#ifndef LETSGO
#define LETSGO 1
#endif

mtype = { unmarked, forward, fence, back, blind };
mtype = { closed, open, rolling, promoted, returned };
mtype = { landed, conflict, lost };

/* The alias and its marker. */
byte rev = 1, target = 1, mtok = 0, mwriter = 0, mro = 1;
mtype purpose = unmarked;

/* The store. */
bool out = false;
byte locked = 0, champion = 1;
/* By rollout: what its journal says. */
byte jrev[3], jserves[3], homeOf[3], newOf[3];
mtype phase[3] = closed;
/* The first owner shows signs of life. */
bool beats = true;

/* A write that is still under way. */
bool late = false;
byte lrev, ltarget, ltok, lwriter, lro;
mtype lpurpose;

/* What people and owners were told. */
byte endedAt = 0;
bool fled = false;
/* The version that the last person was told of. */
byte chosen = 0;

byte faults = FAULTS, crashes = CRASHES, outages = OUTAGES, writers = 0;

#define isBack(r) (phase[r] == rolling || phase[r] == returned)
#define unknownBack ((purpose == blind && (BLINDSTANDS || !isBack(mro))) || (purpose == back && !isBack(mro)))
#define goesForward(p) (p == forward || p == fence)
/* The rollout that is under way, or was last. */
#define newest (phase[2] == closed -> 1 : 2)
#define isOpen(r) (phase[r] == open || phase[r] == rolling)

/* S1, S2a, S2b and the second half of S3, at each write that lands. */
inline land(t, p, k, w, r) {
  assert(!(fled && t == 2));
  assert(p == blind || k >= endedAt);
  assert(!(goesForward(p) && unknownBack));
  assert(!(p == blind && purpose == blind && mwriter != w && target != t));
  assert(!(p == back && purpose == blind && chosen == target && t != target));
  rev++;
  target = t;
  purpose = p;
  mtok = k;
  mwriter = w;
  mro = r;
}

inline write(r, t, p, k, w, ro, reply) {
  atomic {
    if
    :: rev == r -> land(t, p, k, w, ro); reply = landed
    :: rev == r && faults > 0 -> faults--; land(t, p, k, w, ro); reply = lost
    :: rev == r && faults > 0 && !late ->
       faults--; late = true; lrev = r; ltarget = t; lpurpose = p; ltok = k; lwriter = w; lro = ro; reply = lost
    :: rev != r -> reply = conflict
    fi
  }
}

#define START 0
#define TAKE 1
#define LAP 2
#define RESUMED 3
#define ABORT 4
#define NEXT 5

inline maybeCrash() {
  if
  :: crashes > 0 -> crashes--; goto gone
  :: DEAD && kind == START && beats -> if :: LETSGO -> beats = false :: else fi; goto gone
  :: skip
  fi
}

inline take() {
  locked++;
  tok = locked;
  writers++;
  me = writers
}

/* A person whose rollback finds no store: the alias alone is asked. */
proctype person(byte want) {
  byte me, wrev, tok, ro, rounds = 3;
  mtype reply = landed;

  if
  :: atomic { out -> writers++; me = writers }
  :: goto gone
  fi;
look:
  atomic {
    if
    :: BLINDLOOK && purpose == blind && mwriter != me && target != want -> goto gone /* is shown, and asked */
    :: rounds == 0 -> goto gone /* says that it failed */
    :: else -> rounds--; wrev = rev; ro = mro; tok = (BLINDTOK -> mtok : mtok + 1)
    fi
  };
sending:
  write(wrev, want, blind, tok, me, ro, reply);
  atomic {
    if
    :: (OURS && mwriter == me) || (!OURS && mtok == tok && purpose == blind && target == want) ->
       /* S3: said only of what one wrote oneself. */
       assert(mwriter == me);
       chosen = want;
       if
       :: want != 2 -> fled = true
       :: else
       fi
    :: else -> if :: reply == lost && rev == wrev -> goto sending :: else -> goto look fi
    fi
  };
gone:
  skip
}

#define isOld (OLD1 && kind == START)
/* Somebody newer, or another writer of one's own token, has the alias. */
#define mustStop (isOld -> (OLD1 == 2 && mtok > tok) : (mtok > tok || (mtok == tok && mwriter != me)))

/* An owner: who starts a rollout, who takes it over, a person who aborts it, or a lap of the controller. */
proctype owner(byte kind) {
  byte tok = 0, seen = 0, mine = 0, found = 0, wrev = 0, wtarget = 0, me = 0, mr = 1;
  mtype reply = landed;
  bool fenced = false, recorded = false;

  if
  :: kind == START ->
     atomic { (!out) -> take(); phase[1] = open; homeOf[1] = 1; newOf[1] = 2; jserves[1] = 1 }
  :: kind == NEXT ->
     atomic { !out && (phase[1] == promoted || phase[1] == returned) -> seen = locked };
     atomic {
       if
       :: mtok > locked -> goto gone
       :: mtok <= locked && unknownBack && !(STARTLOOK == 2 && target == champion) -> goto gone
       :: else -> if :: !unknownBack -> fled = false :: else fi
       fi
     };
     atomic {
       (!out);
       if
       :: locked != seen -> goto gone
       :: else ->
          take();
          /* Under the lock it is looked at again. */
          if
          :: STARTCHECK && isOpen(1) -> goto gone
          :: else
          fi;
          mr = 2;
          phase[2] = open;
          homeOf[2] = champion;
          newOf[2] = (champion == 2 -> 4 : 2);
          jserves[2] = champion
       fi
     }
  :: else ->
     /* The lock is seen, and taken only where nobody came between; by a person who aborts it is taken in any case. */
     if
     :: atomic {
          !out && phase[1] != closed && (!DEAD || !beats) -> seen = locked; mr = (unknownBack && !(OPENFIRST && isOpen(newest)) -> mro : newest)
        }
     :: atomic { kind == ABORT && out && phase[1] != closed -> run person(homeOf[newest]); goto gone }
     :: kind != RESUMED && !DEAD -> goto gone
     fi;
     atomic {
       if
       :: out && kind == ABORT -> run person(homeOf[mr]); goto gone
       :: !out
       fi;
       if
       :: kind != ABORT && locked != seen -> goto gone
       :: (kind == ABORT || locked == seen) && mtok > locked -> goto gone
       :: (kind == ABORT || locked == seen) && mtok <= locked && !isOpen(mr) && !unknownBack -> goto gone
       :: else -> take(); if :: kind == ABORT -> phase[mr] = rolling :: else fi
       fi
     }
  fi;

  if
  :: kind == LAP && phase[mr] == open ->
     /* The journal's last revision is carried without a fence. */
     atomic { (!out) -> mine = jrev[mr] };
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
    :: mustStop -> goto gone
    :: else -> found = rev; wtarget = target
    fi;
    if
    :: UNSEEN && !isOld && unknownBack && !(STARTLOOK == 2 && kind == NEXT && target == homeOf[mr]) ->
       if
       :: mro == mr -> goto repair
       :: else -> goto elsewhere
       fi
    :: else
    fi
  };
  if
  :: phase[mr] == rolling -> recorded = true; mine = found; goto goBack
  :: else
  fi;
  maybeCrash();
  wrev = found;
fencing:
  write(wrev, wtarget, fence, tok, me, mr, reply);
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
  :: atomic {
       !out && locked == tok -> jrev[mr] = mine; jserves[mr] = wtarget; if :: isOld -> phase[mr] = rolling :: else fi
     }
  :: atomic { !out && locked != tok -> goto gone }
  :: out -> if :: isOld -> goto gone :: else -> goto goBack fi
  fi;
  if
  :: isOld -> recorded = true; goto goBack
  :: else -> goto drive
  fi;

drive:
  do
  :: atomic { !out && locked != tok -> goto gone }
  :: atomic { !out && locked == tok && phase[mr] == open && jserves[mr] != newOf[mr] -> skip };
     /* The intent stands in the journal: from here on the write may be sent, whatever happens to the store. */
     maybeCrash();
     wrev = mine;
sending:
     write(wrev, newOf[mr], forward, tok, me, mr, reply);
     if
     :: reply == landed -> mine = wrev + 1; fenced = true
     :: reply == lost ->
        atomic {
          if
          :: mwriter == me && purpose == forward -> mine = rev; fenced = true
          :: !(mwriter == me && purpose == forward) && rev == wrev -> goto sending
          :: else -> goto again
          fi
        }
     :: reply == conflict -> goto again
     fi;
     maybeCrash();
     if
     :: atomic { !out && locked == tok -> jrev[mr] = mine; jserves[mr] = newOf[mr] }
     :: atomic { !out && locked != tok -> goto gone }
     :: out -> goto goBack
     fi
  :: atomic { !out && locked == tok && phase[mr] == open && jserves[mr] == newOf[mr] -> skip };
     maybeCrash();
     if
     :: COMMITFENCE && !fenced -> goto look
     :: else
     fi;
     atomic {
       if
       :: !out && locked == tok && phase[mr] == open -> phase[mr] = promoted; champion = newOf[mr]; endedAt = tok
       :: !out && locked != tok -> goto gone
       :: else -> skip
       fi
     };
     if
     :: phase[mr] == promoted -> goto gone
     :: else
     fi
  :: phase[mr] == open || out -> goto goBack /* a breach, or the outage's limit */
  od;

goBack:
  if
  :: recorded
  :: atomic {
       !recorded && !out ->
       if
       :: locked != tok -> goto gone
       :: locked == tok && isOpen(mr) -> phase[mr] = rolling; recorded = true
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
  /* Who has not written yet knows no revision of its own. */
  if
  :: mine == 0 -> goto again
  :: else -> wrev = mine
  fi;
returning:
  write(wrev, homeOf[mr], back, tok, me, mr, reply);
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
  if
  :: atomic {
       !out ->
       if
       :: locked == tok && isOpen(mr) -> phase[mr] = returned; champion = homeOf[mr]; endedAt = tok
       :: else
       fi
     }
  :: out
  fi;
  goto gone;
again:
  /* Somebody wrote since: under the stop rules only a way back goes on. */
  atomic {
    if
    :: OWNBACK != 2 && mustStop -> goto gone
    :: OWNBACK != 2 && !mustStop && !isOld && unknownBack && mro != mr -> goto elsewhere
    :: OWNBACK != 2 && !mustStop && !isOld && unknownBack && mro == mr && target != homeOf[mr] && !out -> goto repair
    :: OWNBACK != 2 && !mustStop && OUTKEEP && !isOld && unknownBack && mro == mr && target != homeOf[mr] && out -> goto waiting
    :: else -> mine = rev; wrev = rev
    fi
  };
  if
  :: recorded || out
  :: else -> goto goBack
  fi;
  goto returning;
waiting:
  /* Users are where a person brought them: the journal is told when the store is back. */
  atomic { (!out) -> goto again };

elsewhere:
  /* Users were brought back from another rollout: this one ends without a write, and that one is taken up. */
  if
  :: atomic { !out -> if :: locked == tok && isOpen(mr) -> phase[mr] = returned :: else fi }
  :: out
  fi;
  goto gone;

repair:
  /* An unknown way back: recorded, written over under this token, and what it serves becomes the champion. */
  atomic {
    (!out) ->
    if
    :: locked != tok -> goto gone
    :: else -> phase[mr] = rolling; recorded = true; if :: BLINDKEEP -> homeOf[mr] = target :: else fi
    fi
  };
  maybeCrash();
mending:
  atomic {
    if
    :: mustStop -> goto gone
    :: !mustStop && unknownBack && mro == mr && BLINDKEEP && target != homeOf[mr] -> goto repair
    :: else -> wrev = rev; wtarget = homeOf[mr]
    fi
  };
  write(wrev, wtarget, back, tok, me, mr, reply);
  if
  :: reply == landed
  :: reply == conflict -> goto mending
  :: reply == lost ->
     if
     :: mwriter == me && purpose == back
     :: else -> goto mending
     fi
  fi;
  atomic { (!out) -> if :: locked == tok -> phase[mr] = returned; champion = wtarget; endedAt = tok :: else fi };
  goto gone;

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
       :: rev == lrev -> land(ltarget, lpurpose, ltok, lwriter, lro)
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
    :: resumed < ABORTERS -> run owner(ABORT); resumed++
    :: else -> break
    od;
    resumed = 0;
    do
    :: resumed < PERSONS -> if :: resumed == 0 -> run person(FIRST) :: else -> run person(SECOND) fi; resumed++
    :: else -> break
    od;
    resumed = 0;
    if
    :: SECONDROLLOUT -> run owner(NEXT)
    :: else
    fi
  };
  /* Nothing else can happen. L1 and L2: users are not left on a version that nobody promoted. */
  timeout ->
  assert(!((FOREVER || DEAD) && CRASHES == 0 && champion == 1 && target == 2));
  do
  :: resumed < RESUME -> atomic { faults = 0; crashes = 0; outages = 0; resumed++; run owner(RESUMED) }; timeout
  :: else -> break
  od;
  /* L3. */
  assert(RESUME == 0 || phase[1] == closed || (!unknownBack && !isOpen(1) && !isOpen(2) && target == champion))
}
