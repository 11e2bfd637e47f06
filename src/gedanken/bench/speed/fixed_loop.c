/* The limit that an interpreting verifier is compared with: the Dormand-Prince integrator of kernel/dopri5.py, step for step,
 * with one hand-written right-hand side for each of the eight systems inlined. It simulates only; it neither parses nor
 * scores. Built by bench/verifier.py where there is a C compiler. */
#include <math.h>
#include <stdint.h>
#include <string.h>

static inline double log2_fast(double x) {
    int64_t b;
    memcpy(&b, &x, 8);
    double e = (double)((b >> 52) - 1023);
    int64_t mb = (b & 0xFFFFFFFFFFFFFLL) | 0x3FF0000000000000LL;
    double m;
    memcpy(&m, &mb, 8);
    return e + (-2.1536 + m * (3.0478 + m * (-1.0519 + m * 0.1582)));
}
static inline double exp2_fast(double x) {
    double k = floor(x), f = x - k, s;
    int64_t b = ((int64_t)k + 1023) << 52;
    memcpy(&s, &b, 8);
    return (1.0 + f * (0.69583 + f * (0.22607 + f * 0.0781))) * s;
}

#define A21 (1.0 / 5)
#define A31 (3.0 / 40)
#define A32 (9.0 / 40)
#define A41 (44.0 / 45)
#define A42 (-56.0 / 15)
#define A43 (32.0 / 9)
#define A51 (19372.0 / 6561)
#define A52 (-25360.0 / 2187)
#define A53 (64448.0 / 6561)
#define A54 (-212.0 / 729)
#define A61 (9017.0 / 3168)
#define A62 (-355.0 / 33)
#define A63 (46732.0 / 5247)
#define A64 (49.0 / 176)
#define A65 (-5103.0 / 18656)
#define A71 (35.0 / 384)
#define A73 (500.0 / 1113)
#define A74 (125.0 / 192)
#define A75 (-2187.0 / 6784)
#define A76 (11.0 / 84)
#define E1 (71.0 / 57600)
#define E3 (-71.0 / 16695)
#define E4 (71.0 / 1920)
#define E5 (-17253.0 / 339200)
#define E6 (22.0 / 525)
#define E7 (-1.0 / 40)
#define D1 (-12715105075.0 / 11282082432)
#define D3 (87487479700.0 / 32700410799)
#define D4 (-10690763975.0 / 1880347072)
#define D5 (701980252875.0 / 199316789632)
#define D6 (-1453857185.0 / 822651844)
#define D7 (69997945.0 / 29380423)
#define EACH for (int i = 0; i < N; i++)
#define MAX(a, b) ((a) > (b) ? (a) : (b))
#define MIN(a, b) ((a) < (b) ? (a) : (b))

/* INTEGRATOR(name, width, rhs): rhs(p, t, y, dy) must be static inline. */
#define INTEGRATOR(NAME, WIDTH, RHS)                                                                   \
    static int NAME(const double *p, const double *t, int m, const double *y0, double rtol,            \
                    double atol, const double *floors, double *traj) {                                 \
        enum { N = WIDTH };                                                                            \
        double y[N], k1[N], k2[N], k3[N], k4[N], k5[N], k6[N], k7[N], s[N], yn[N];                     \
        double r2[N], r3[N], r4[N], r5[N];                                                             \
        EACH traj[i] = y[i] = y0[i];                                                                   \
        double x = t[0], xend = t[m - 1];                                                              \
        RHS(p, x, y, k1);                                                                              \
        double d0 = 0, d1 = 0, d2 = 0;                                                                 \
        EACH {                                                                                         \
            double sc = atol + rtol * MAX(fabs(y[i]), floors[i]);                                      \
            d0 += (y[i] / sc) * (y[i] / sc);                                                           \
            d1 += (k1[i] / sc) * (k1[i] / sc);                                                         \
        }                                                                                              \
        double h = d0 < 1e-10 || d1 < 1e-10 ? 1e-6 : 0.01 * sqrt(d0 / d1);                             \
        EACH s[i] = y[i] + h * k1[i];                                                                  \
        RHS(p, x + h, s, k2);                                                                          \
        EACH {                                                                                         \
            double sc = atol + rtol * MAX(fabs(y[i]), floors[i]);                                      \
            d2 += ((k2[i] - k1[i]) / sc) * ((k2[i] - k1[i]) / sc);                                     \
        }                                                                                              \
        double mm = MAX(sqrt(d1 / N), sqrt(d2 / N) / h);                                               \
        double h1 = mm <= 1e-15 ? MAX(1e-6, h * 1e-3) : pow(0.01 / mm, 0.2);                           \
        h = MIN(MIN(100 * h, h1), xend - x);                                                           \
        int64_t ev = 2;                                                                                \
        int j = 1, after = 0;                                                                          \
        double lold = -13.29;                                                                          \
        while (j < m) {                                                                                \
            if (ev > 100000 || !(h > 1e-13)) break;                                                    \
            if (x + 1.01 * h >= xend) h = xend - x;                                                    \
            EACH s[i] = y[i] + h * A21 * k1[i];                                                        \
            RHS(p, x + 0.2 * h, s, k2);                                                                \
            EACH s[i] = y[i] + h * (A31 * k1[i] + A32 * k2[i]);                                        \
            RHS(p, x + 0.3 * h, s, k3);                                                                \
            EACH s[i] = y[i] + h * (A41 * k1[i] + A42 * k2[i] + A43 * k3[i]);                          \
            RHS(p, x + 0.8 * h, s, k4);                                                                \
            EACH s[i] = y[i] + h * (A51 * k1[i] + A52 * k2[i] + A53 * k3[i] + A54 * k4[i]);            \
            RHS(p, x + h * (8.0 / 9), s, k5);                                                          \
            EACH s[i] = y[i] + h * (A61 * k1[i] + A62 * k2[i] + A63 * k3[i] + A64 * k4[i] +            \
                                    A65 * k5[i]);                                                      \
            RHS(p, x + h, s, k6);                                                                      \
            EACH yn[i] = y[i] + h * (A71 * k1[i] + A73 * k3[i] + A74 * k4[i] + A75 * k5[i] +           \
                                     A76 * k6[i]);                                                     \
            RHS(p, x + h, yn, k7);                                                                     \
            ev += 6;                                                                                   \
            double err = 0;                                                                            \
            EACH {                                                                                     \
                double e = h * (E1 * k1[i] + E3 * k3[i] + E4 * k4[i] + E5 * k5[i] +                    \
                                E6 * k6[i] + E7 * k7[i]);                                              \
                e /= atol + rtol * MAX(MAX(fabs(y[i]), fabs(yn[i])), floors[i]);                       \
                err += e * e;                                                                          \
            }                                                                                          \
            err /= N;                                                                                  \
            if (!(err <= 1.0)) {                                                                       \
                after = 1;                                                                             \
                h *= err < 1e30 ? MAX(0.2, exp2_fast(-0.1 * log2_fast(err)) * 0.9) : 0.1;              \
                continue;                                                                              \
            }                                                                                          \
            double le = 0.5 * log2_fast(MAX(err, 1e-20));                                              \
            double fac = 0.9 * exp2_fast(-0.17 * le + 0.04 * lold);                                    \
            lold = MAX(le, -13.29);                                                                    \
            double hn = h * MIN(10.0, MAX(0.2, fac));                                                  \
            if (after) hn = MIN(hn, h), after = 0;                                                     \
            double xn = x + h;                                                                         \
            if (xn >= t[j] || xn >= xend) {                                                            \
                EACH {                                                                                 \
                    double dy = yn[i] - y[i], b = h * k1[i] - dy;                                      \
                    r2[i] = dy, r3[i] = b, r4[i] = dy - h * k7[i] - b;                                 \
                    r5[i] = h * (D1 * k1[i] + D3 * k3[i] + D4 * k4[i] + D5 * k5[i] +                   \
                                 D6 * k6[i] + D7 * k7[i]);                                             \
                }                                                                                      \
                double hi = 1.0 / h;                                                                   \
                while (j < m && (t[j] <= xn || xn >= xend)) {                                          \
                    double th = (t[j] - x) * hi, u = 1.0 - th;                                         \
                    EACH traj[j * N + i] =                                                             \
                        y[i] + th * (r2[i] + u * (r3[i] + th * (r4[i] + u * r5[i])));                  \
                    j++;                                                                               \
                }                                                                                      \
            }                                                                                          \
            EACH y[i] = yn[i], k1[i] = k7[i];                                                          \
            x = xn, h = hn;                                                                            \
        }                                                                                              \
        return j;                                                                                      \
    }

#define FIXED(NAME) static inline __attribute__((always_inline)) void NAME(const double *p, double t, const double *y, double *d)

/* Parameters in the order of the systems' own declarations. */
FIXED(free_fall) { d[0] = y[1], d[1] = -p[0]; }
FIXED(free_fall_drag) { d[0] = y[1], d[1] = -p[0] + p[1] * y[1] * y[1]; }
FIXED(simple_pendulum) { d[0] = y[1], d[1] = -(p[0] / p[1]) * sin(y[0]); }
FIXED(damped_pendulum) { d[0] = y[1], d[1] = -(p[0] / p[1]) * sin(y[0]) - p[2] * y[1]; }
FIXED(spring_mass) { d[0] = y[1], d[1] = -(p[0] / p[1]) * y[0]; }
FIXED(damped_spring) { d[0] = y[1], d[1] = -(p[0] / p[1]) * y[0] - (p[2] / p[1]) * y[1]; }
FIXED(projectile_drag) {
    double v = p[1] * sqrt(y[1] * y[1] + y[3] * y[3]);
    d[0] = y[1], d[1] = -v * y[1], d[2] = y[3], d[3] = -p[0] - v * y[3];
}
FIXED(charged_b_field) {
    double w = p[0] * p[2] / p[1];
    d[0] = y[1], d[1] = w * y[3], d[2] = y[3], d[3] = -w * y[1];
}

/* Simulate `reps` times, so that the call from Python costs nothing. Returns the samples written. */
#define SYSTEM(NAME, WIDTH)                                                                                        \
    INTEGRATOR(integrate_##NAME, WIDTH, NAME)                                                                      \
    int run_##NAME(int reps, const double *p, const double *t, int m, const double *y0, double rtol, double atol,  \
                   const double *floors, double *traj) {                                                           \
        int j = 0;                                                                                                 \
        for (int q = 0; q < reps; q++) j = integrate_##NAME(p, t, m, y0, rtol, atol, floors, traj);                \
        return j;                                                                                                  \
    }
SYSTEM(free_fall, 2)
SYSTEM(free_fall_drag, 2)
SYSTEM(simple_pendulum, 2)
SYSTEM(damped_pendulum, 2)
SYSTEM(spring_mass, 2)
SYSTEM(damped_spring, 2)
SYSTEM(projectile_drag, 4)
SYSTEM(charged_b_field, 4)
