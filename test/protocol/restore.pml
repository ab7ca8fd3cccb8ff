/*
 * A store is restored while the old one lives: one alias, an old store of epoch 1 with an owner and who takes over from it,
 * the restore, and a rollout in the new store. Writes of the alias land at the present revision only; every process may
 * stand still between any two steps. A fault loses a reply after the write took effect; a crash ends a restore, which is
 * then run again.
 *
 * What is checked: S5, after a restore was reported nothing of the old store lands; S6, a marker of the other store is
 * written over at a larger epoch only. A rule is weakened by its switch.
 */
#ifndef FAULTS
#define FAULTS 0
#endif
#ifndef CRASHES
#define CRASHES 0
#endif
/* 1: somebody takes the rollout over in the old store. */
#ifndef TAKER
#define TAKER 1
#endif
/* 1: epochs are compared before tokens. 0: tokens alone. */
#ifndef EPOCHS
#define EPOCHS 1
#endif
/* 1: a restore is reported when the alias carries its marker. 0: as soon as the new store is written. */
#ifndef RFENCE
#define RFENCE 1
#endif
mtype = { landed, conflict, lost };

byte rev = 1, target = 1, mepoch = 0, mtok = 0, mwriter = 0;
/* By epoch: the store's newest token. */
byte locked[12], writers = 0, faults = FAULTS, crashes = CRASHES;
bool reported = false;
/* The new store, once it is there, and its epoch. */
byte newEpoch = 0;

inline write(r, t, e, k, w, reply) {
  atomic {
    if
    :: rev == r ->
       assert(!(reported && e < newEpoch));
       assert(e >= mepoch);
       rev++; target = t; mepoch = e; mtok = k; mwriter = w;
       if
       :: reply = landed -> skip
       :: faults > 0 -> faults--; reply = lost
       fi
    :: rev != r -> reply = conflict
    fi
  }
}

#define isNewer (EPOCHS -> mepoch > e || (mepoch == e && (mtok > tok || (mtok == tok && mwriter != me))) : mtok > tok)

/* An owner in the store of this epoch: fences, goes forward, and goes back where it is overtaken. */
proctype owner(byte e) {
  byte tok, me, mine, wanted, steps = 0;
  mtype reply;

  /* The marker is looked at before a token is taken. */
  atomic {
    if
    :: EPOCHS && mepoch > e -> goto gone
    :: else -> locked[e] = (EPOCHS || locked[e] > mtok -> locked[e] + 1 : mtok + 1); tok = locked[e]; writers++; me = writers
    fi
  };
look:
  atomic {
    if
    :: isNewer || steps == 3 -> goto gone
    :: else -> steps++; mine = rev
    fi
  };
sending:
  atomic { wanted = (steps == 1 -> target : 3 - target) };
  write(mine, wanted, e, tok, me, reply);
  if
  :: reply == landed -> mine = mine + 1
  :: reply == lost -> atomic { if :: mwriter == me -> mine = rev :: else -> goto look fi }
  :: reply == conflict -> goto look
  fi;
  /* Goes on from its own write, or ends. */
  if
  :: steps < 3 -> steps++; goto sending
  :: skip
  fi;
gone:
  skip
}

proctype restore() {
  byte seen, epoch, me, tok;
  mtype reply;
again:
  atomic { seen = rev; epoch = (mepoch > newEpoch -> mepoch : newEpoch) + 1; if :: epoch < 2 -> epoch = 2 :: else fi; tok = mtok + 1 };
  /* The new store is written, and acts on nothing yet. */
  atomic { newEpoch = epoch; locked[epoch] = tok; writers++; me = writers };
  if
  :: crashes > 0 -> crashes--; goto again
  :: skip
  fi;
  if
  :: RFENCE ->
     write(seen, target, epoch, tok, me, reply);
     if
     :: reply == landed
     :: reply == lost -> if :: mwriter == me -> skip :: else -> goto again fi
     :: reply == conflict -> goto again
     fi
  :: else
  fi;
  reported = true;
  run owner(newEpoch)
}

init {
  atomic {
    run owner(1);
    if
    :: TAKER -> run owner(1)
    :: else
    fi;
    run restore()
  }
}
