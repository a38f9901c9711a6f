/** The most common passwords of eight characters and more, in lower case: the first that anybody tries. */
const COMMON = new Set(
  `12345678 123456789 1234567890 12345678910 0123456789 123123123 987654321 9876543210 87654321 11111111 111111111
  1111111111 00000000 000000000 0000000000 22222222 33333333 55555555 66666666 77777777 88888888 888888888 99999999
  12341234 12344321 11223344 1122334455 123454321 123321123 147258369 147852369 159753456 789456123 741852963 963852741
  456456456 789789789 321321321 10203040 13131313 12121212 20202020 password password1 password12 password123
  password1234 passw0rd passw0rd1 p@ssw0rd p@ssword pa55word pass1234 pass12345 passwort passwords mypassword
  newpassword password! qwertyui qwertyuiop qwerty12 qwerty123 qwerty1234 qwerty12345 1qaz2wsx 1qaz2wsx3edc q1w2e3r4
  q1w2e3r4t5 1q2w3e4r 1q2w3e4r5t 1q2w3e4r5t6y zaq12wsx qazwsxedc qazwsx123 asdfghjk asdfghjkl asdfasdf asdf1234
  zxcvbnm1 zxcvbnm123 zxcvbnm,./ qweasdzxc qweqweqwe abcd1234 abc12345 abc123456 a1234567 a12345678 a123456789 aa123456
  aa12345678 abcdefgh abcdefghi abcdefg1 abcabcabc 1234abcd 1234qwer qwer1234 12345qwert 123456abc 123456aa 123qweasd
  123qwe123 iloveyou iloveyou1 iloveyou2 loveyou1 ilovegod sunshine sunshine1 princess princess1 football football1
  baseball baseball1 basketball superman superman1 spiderman starwars pokemon1 pokemon123 dragon12 dragon123 monkey12
  monkey123 michelle jennifer jessica1 michael1 charlie1 computer computer1 internet whatever trustno1 letmein1
  letmein123 welcome1 welcome12 welcome123 welcome1234 admin123 admin1234 admin12345 administrator adminadmin root1234
  rootroot test1234 test12345 testtest test123456 changeme changeme1 changeme123 default1 guest123 user1234 login123
  master12 master123 shadow12 shadow123 killer123 hello123 hello1234 hellohello samsung1 google123 facebook facebook1
  liverpool liverpool1 chelsea1 arsenal1 barcelona juventus mustang1 corvette mercedes ferrari1 alexander alexandra
  benjamin victoria samantha danielle elizabeth qq123456 wang1234 woaini123 woaini520 woaini1314 5201314520 woaiwojia
  a1b2c3d4 a1b2c3d4e5 1a2b3c4d 1a2b3c4d5e zxcvbnmasd secret123 sample123 temp1234 temppass winter2024 summer2024
  winter2025 summer2025 winter2026 summer2026 spring2026 january1 december1 november1 security supervisor access14
  maverick midnight blink182 lovelove 1password 123456789a 123456789q 1234567a 12345678a 1234567q 1234567890q`
    .trim()
    .split(/\s+/),
);

/** Whether this is one of the most common passwords, without regard to case. */
export function isCommonPassword(password: string): boolean {
  return COMMON.has(password.toLowerCase());
}
