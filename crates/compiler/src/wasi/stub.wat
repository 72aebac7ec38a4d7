;; What a module built for WASI 0.1 gets in place of an operating system: no arguments, no environment, no files, no
;; sockets. What is written goes nowhere. Time is a counter and randomness a constant sequence, so that a decision stays a
;; pure function of the request.
;;
;; Built into `stub.wasm` and, with the three constants of `wasi_unstable`, into `stub_unstable.wasm`, by
;; `BLESS=1 cargo nextest run --workspace --test it -E 'test(wasi)'`.
(module
  (import "env" "memory" (memory 0))

  ;; Nanoseconds. Never 0: Go takes a clock at 0 for one that is broken, and ends.
  (global $clock (mut i64) (i64.const 0))
  ;; The state of xorshift64; any constant but 0.
  (global $random (mut i64) (i64.const 0x9e3779b97f4a7c15))

  ;; Where a subscription has what, as of wasi_snapshot_preview1.
  (global $subscription_size i32 (i32.const 48))
  (global $timeout_at i32 (i32.const 24))
  (global $flags_at i32 (i32.const 40))

  ;; 8 is EBADF, which is what libraries of languages expect of a descriptor that is not open: they look for open folders
  ;; until they are told so, and end on any other error. 52 is ENOSYS.

  ;; Every reading is a microsecond after the one before.
  (func $tick (result i64)
    (global.set $clock (i64.add (global.get $clock) (i64.const 1000)))
    (global.get $clock))

  (func (export "clock_time_get") (param i32 i64 i32) (result i32)
    (i64.store (local.get 2) (call $tick))
    (i32.const 0))

  (func (export "clock_res_get") (param i32 i32) (result i32)
    (i64.store (local.get 1) (i64.const 1000))
    (i32.const 0))

  (func $byte (result i32)
    (global.set $random (i64.xor (global.get $random) (i64.shl (global.get $random) (i64.const 13))))
    (global.set $random (i64.xor (global.get $random) (i64.shr_u (global.get $random) (i64.const 7))))
    (global.set $random (i64.xor (global.get $random) (i64.shl (global.get $random) (i64.const 17))))
    (i32.wrap_i64 (i64.shr_u (global.get $random) (i64.const 32))))

  (func (export "random_get") (param $at i32) (param $length i32) (result i32)
    (loop $more
      (if (local.get $length)
        (then
          (i32.store8 (local.get $at) (call $byte))
          (local.set $at (i32.add (local.get $at) (i32.const 1)))
          (local.set $length (i32.sub (local.get $length) (i32.const 1)))
          (br $more))))
    (i32.const 0))

  ;; No arguments, and no environment: 0 of them, in 0 bytes.
  (func (export "args_sizes_get") (export "environ_sizes_get") (param i32 i32) (result i32)
    (i32.store (local.get 0) (i32.const 0))
    (i32.store (local.get 1) (i32.const 0))
    (i32.const 0))
  (func (export "args_get") (export "environ_get") (param i32 i32) (result i32) (i32.const 0))

  ;; All that is to be written counts as written.
  (func (export "fd_write") (param $fd i32) (param $at i32) (param $count i32) (param $written i32) (result i32)
    (local $sum i32)
    (loop $more
      (if (local.get $count)
        (then
          (local.set $sum (i32.add (local.get $sum) (i32.load offset=4 (local.get $at))))
          (local.set $at (i32.add (local.get $at) (i32.const 8)))
          (local.set $count (i32.sub (local.get $count) (i32.const 1)))
          (br $more))))
    (i32.store (local.get $written) (local.get $sum))
    (i32.const 0))

  ;; Everything waited for is there at once: a clock has come to its time, and a descriptor is not open.
  (func (export "poll_oneoff") (param $in i32) (param $out i32) (param $count i32) (param $events i32) (result i32)
    (local $time i64)
    (i32.store (local.get $events) (local.get $count))
    (loop $more
      (if (local.get $count)
        (then
          (i64.store (local.get $out) (i64.load (local.get $in)))
          (i64.store offset=8 (local.get $out) (i64.const 0))
          (i64.store offset=16 (local.get $out) (i64.const 0))
          (i64.store offset=24 (local.get $out) (i64.const 0))
          (i32.store8 offset=10 (local.get $out) (i32.load8_u offset=8 (local.get $in)))
          (if (i32.load8_u offset=8 (local.get $in))
            (then (i32.store16 offset=8 (local.get $out) (i32.const 8)))
            (else
              (local.set $time (i64.load (i32.add (local.get $in) (global.get $timeout_at))))
              ;; The first flag says that the time is absolute.
              (if (i32.eqz (i32.and (i32.const 1)
                    (i32.load16_u (i32.add (local.get $in) (global.get $flags_at)))))
                (then (local.set $time (i64.add (local.get $time) (global.get $clock)))))
              (if (i64.gt_u (local.get $time) (global.get $clock))
                (then (global.set $clock (local.get $time))))))
          (local.set $in (i32.add (local.get $in) (global.get $subscription_size)))
          (local.set $out (i32.add (local.get $out) (i32.const 32)))
          (local.set $count (i32.sub (local.get $count) (i32.const 1)))
          (br $more))))
    (i32.const 0))

  (func (export "sched_yield") (result i32) (i32.const 0))
  (func (export "proc_exit") (param i32) unreachable)
  (func (export "proc_raise") (param i32) (result i32) unreachable)

  (func (export "fd_close") (export "fd_datasync") (export "fd_sync") (param i32) (result i32) (i32.const 8))
  (func (export "fd_fdstat_get") (export "fd_fdstat_set_flags") (export "fd_filestat_get") (export "fd_prestat_get")
    (export "fd_renumber") (export "fd_tell") (param i32 i32) (result i32) (i32.const 8))
  (func (export "fd_prestat_dir_name") (param i32 i32 i32) (result i32) (i32.const 8))
  (func (export "fd_read") (param i32 i32 i32 i32) (result i32) (i32.const 8))
  (func (export "fd_seek") (param i32 i64 i32 i32) (result i32) (i32.const 8))
  (func (export "fd_filestat_set_size") (param i32 i64) (result i32) (i32.const 8))
  (func (export "fd_allocate") (export "fd_fdstat_set_rights") (param i32 i64 i64) (result i32) (i32.const 8))
  (func (export "fd_advise") (export "fd_filestat_set_times") (param i32 i64 i64 i32) (result i32) (i32.const 8))
  (func (export "fd_pread") (export "fd_pwrite") (export "fd_readdir") (param i32 i32 i32 i64 i32) (result i32)
    (i32.const 8))

  (func (export "path_create_directory") (export "path_remove_directory") (export "path_unlink_file")
    (param i32 i32 i32) (result i32) (i32.const 52))
  (func (export "path_filestat_get") (export "path_symlink") (param i32 i32 i32 i32 i32) (result i32) (i32.const 52))
  (func (export "path_readlink") (export "path_rename") (param i32 i32 i32 i32 i32 i32) (result i32) (i32.const 52))
  (func (export "path_link") (param i32 i32 i32 i32 i32 i32 i32) (result i32) (i32.const 52))
  (func (export "path_filestat_set_times") (param i32 i32 i32 i32 i64 i64 i32) (result i32) (i32.const 52))
  (func (export "path_open") (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32) (i32.const 52))
  (func (export "sock_shutdown") (param i32 i32) (result i32) (i32.const 52))
  (func (export "sock_accept") (param i32 i32 i32) (result i32) (i32.const 52))
  (func (export "sock_send") (param i32 i32 i32 i32 i32) (result i32) (i32.const 52))
  (func (export "sock_recv") (param i32 i32 i32 i32 i32 i32) (result i32) (i32.const 52)))
